"""Small pictures with one to three things in them: what each is, and the box around it."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..doors import checked

THINGS = ("disc", "block", "triangle")
MOST = 3
SMALL, LARGE = 3.5, 6.5  # half a thing's width and height, in pixels
GAP = 1.0
NOISE = 0.05

Scenes = tuple[
    Float[Tensor, "scenes 1 size size"],
    Int[Tensor, "scenes things"],
    Float[Tensor, "scenes things xywh=4"],
]


@checked
def scenes(num_scenes: int, size: int = 32, seed: int = 0) -> Scenes:
    """Draw grey things, each as wide and as tall as it likes, none over another.

    Args:
        num_scenes: how many; one, two and three things take turns.
        size: side of the picture, in pixels.
        seed: the same seed draws the same scenes.

    Returns:
        Pictures from dark 0 to bright 1, with some noise; classes, indices into `THINGS`,
        and -1 where there is no further thing; boxes (centre x, centre y, width, height) as
        shares of the picture.

    Raises:
        ValueError: if three things may not find room.

    >>> images, classes, boxes = scenes(4)
    >>> (classes >= 0).sum(1).tolist(), boxes.shape
    ([1, 2, 3, 1], torch.Size([4, 3, 4]))
    """
    if size < 4 * LARGE:
        raise ValueError(f"expected a size of at least {4 * LARGE:.0f} pixels, got {size}.")
    generator = torch.Generator().manual_seed(seed)
    counts = 1 + torch.arange(num_scenes) % MOST
    there = torch.arange(MOST) < counts[:, None]
    boxes = _apart(there, size, generator)
    classes = torch.randint(len(THINGS), there.shape, generator=generator)
    bright = 0.6 + 0.4 * torch.rand(*there.shape, 1, 1, generator=generator)
    inside = _inside(classes, boxes, size) & there[..., None, None]
    images = (bright * inside).sum(1, keepdim=True)
    images = images + NOISE * torch.randn(images.shape, generator=generator)
    return images, classes.masked_fill(~there, -1), boxes / size * there[..., None]


def _apart(there: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Boxes in pixels, drawn again in every scene where two of them come too close."""
    boxes = torch.zeros(*there.shape, 4)
    left = torch.arange(len(there))
    while len(left):
        halves = SMALL + (LARGE - SMALL) * torch.rand(len(left), MOST, 2, generator=generator)
        places = torch.rand(len(left), MOST, 2, generator=generator)
        centres = halves + places * (size - 2 * halves)
        boxes[left] = torch.cat([centres, 2 * halves], dim=-1)
        left = left[_is_crowded(centres, halves, there[left])]
    return boxes


def _is_crowded(centres: Tensor, halves: Tensor, there: Tensor) -> Tensor:
    steps = (centres[:, :, None] - centres[:, None]).abs()
    reach = halves[:, :, None] + halves[:, None] + GAP
    close = (steps < reach).all(-1) & there[:, :, None] & there[:, None]
    return close.triu(1).flatten(1).any(1)


def _inside(classes: Tensor, boxes: Tensor, size: int) -> Tensor:
    """True where a thing covers the middle of a pixel: [scenes, things, size, size]."""
    middles = torch.arange(size) + 0.5
    x, y, wide, tall = (part[..., None, None] for part in boxes.unbind(-1))
    x = (middles - x) / (wide / 2)
    y = (middles[:, None] - y) / (tall / 2)
    disc = x**2 + y**2 <= 1
    block = torch.maximum(x.abs(), y.abs()) <= 1
    triangle = (y.abs() <= 1) & (2 * x.abs() <= y + 1)
    chosen = classes[..., None, None]
    return torch.where(chosen == 0, disc, torch.where(chosen == 1, block, triangle))
