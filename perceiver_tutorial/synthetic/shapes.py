"""Coloured shapes on a dark ground: the smallest pictures that have a class."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..doors import checked
from ..positions import grid_positions

SHAPES = ("disc", "square", "triangle", "cross")


@checked
def shapes(
    num_images: int, image_size: tuple[int, int] = (16, 16), seed: int = 0
) -> tuple[Float[Tensor, "images 3 height width"], Int[Tensor, " images"]]:
    """Draw one shape in each image, anywhere, in any bright colour.

    Args:
        num_images: how many; the four classes take turns.
        image_size: (height, width) in pixels.
        seed: the same seed draws the same images.

    Returns:
        Colours from 0 to 1, and the class of each image, an index into `SHAPES`.

    >>> images, labels = shapes(5)
    >>> images.shape, labels.tolist()
    (torch.Size([5, 3, 16, 16]), [0, 1, 2, 3, 0])
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(num_images) % len(SHAPES)
    centres = 0.4 * (torch.rand(num_images, 1, 2, generator=generator) - 0.5)
    radii = 0.5 + 0.3 * torch.rand(num_images, 1, generator=generator)
    colours = 0.4 + 0.6 * torch.rand(num_images, 3, 1, 1, generator=generator)
    y, x = ((grid_positions(image_size) - centres) / radii[..., None]).unbind(-1)
    covered = inside(labels, y, x).float().unflatten(1, (1, *image_size))
    return colours * covered, labels


def inside(
    labels: Int[Tensor, " images"],
    y: Float[Tensor, "images places"],
    x: Float[Tensor, "images places"],
) -> Bool[Tensor, "images places"]:
    """Whether places lie inside a shape that is centred at 0 and reaches to 1.

    Args:
        labels: for each image an index into `SHAPES`.
        y: how far down each place lies.
        x: how far to the right each place lies.
    """
    covered = torch.zeros_like(y, dtype=torch.bool)
    for number, shape in enumerate(SHAPES):
        some = labels == number
        covered[some] = _is_inside(shape, y[some], x[some])
    return covered


def _is_inside(shape: str, y: Tensor, x: Tensor) -> Tensor:
    match shape:
        case "disc":
            return y**2 + x**2 <= 1
        case "square":
            return torch.maximum(y.abs(), x.abs()) <= 0.85
        case "triangle":
            return (y <= 0.8) & (y >= 2 * x.abs() - 1)
        case "cross":
            return (torch.minimum(y.abs(), x.abs()) <= 0.3) & (torch.maximum(y.abs(), x.abs()) <= 1)
    raise ValueError(f"expected one of {SHAPES}, got {shape!r}.")
