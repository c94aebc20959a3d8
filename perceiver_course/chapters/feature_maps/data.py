"""Coloured shapes, one over another, and what every pixel shows: true by construction."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from perceiver_tutorial.positions import axis_coordinates

from ...kit.clips import SHAPES, inside

SEGMENTS = ("ground", *SHAPES)
MOST = 3
SMALL, LARGE = 0.4, 0.7  # from the middle of a shape to its edge; the picture reaches from -1 to 1
NOISE = 0.06


def segments(
    num_images: int, image_size: tuple[int, int] = (64, 64), seed: int = 0
) -> tuple[Float[Tensor, "images 3 height width"], Int[Tensor, "images height width"]]:
    """Lay one to three shapes of any colour, anywhere, on a ground of any colour.

    A later shape hides what it covers of earlier ones. Colours tell nothing about the
    class, so that a pixel on its own is not enough; its whole shape has to be seen.

    Args:
        num_images: how many; one, two and three shapes take turns.
        image_size: (height, width) in pixels.
        seed: the same seed draws the same images.

    Returns:
        Colours around 0 to 1, with some noise, and for every pixel an index into `SEGMENTS`.

    >>> images, labels = segments(5)
    >>> images.shape, labels.shape
    (torch.Size([5, 3, 64, 64]), torch.Size([5, 64, 64]))
    """
    generator = torch.Generator().manual_seed(seed)
    counts = 1 + torch.arange(num_images) % MOST
    images = 0.2 * torch.rand(num_images, 3, 1, 1, generator=generator)
    images = images.expand(-1, -1, *image_size)
    labels = torch.zeros(num_images, *image_size, dtype=torch.long)
    for number in range(MOST):
        shapes, covered = _one_shape(num_images, image_size, generator)
        covered &= (counts > number)[:, None, None]
        colours = 0.4 + 0.6 * torch.rand(num_images, 3, 1, 1, generator=generator)
        images = torch.where(covered[:, None], colours, images)
        labels = torch.where(covered, 1 + shapes[:, None, None], labels)
    return images + NOISE * torch.randn(images.shape, generator=generator), labels


def _one_shape(
    num_images: int, image_size: tuple[int, int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Which shape each image gets, and the pixels whose middle it covers."""
    shapes = torch.randint(len(SHAPES), (num_images,), generator=generator)
    radii = SMALL + (LARGE - SMALL) * torch.rand(num_images, 1, 1, generator=generator)
    centres = 1.4 * torch.rand(2, num_images, 1, 1, generator=generator) - 0.7
    height, width = image_size
    middles = (axis_coordinates(n, "half-open") + 1 / n for n in (height, width))
    y, x = torch.meshgrid(*middles, indexing="ij")
    y, x = (y - centres[0]) / radii, (x - centres[1]) / radii
    covered = inside(shapes, y.flatten(1), x.flatten(1))
    return shapes, covered.unflatten(1, image_size)
