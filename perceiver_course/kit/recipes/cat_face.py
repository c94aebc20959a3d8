"""One photograph seen in many ways: shifted, turned, nearer or farther off."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import grid_sample, interpolate, mse_loss

from perceiver_tutorial.perceiver import (
    EncoderConfig,
    FourierConfig,
    ImageClassifierConfig,
    PixelStem,
)
from perceiver_tutorial.positions import grid_positions

from .. import samples
from .recipe import Recipe

TURN, SHIFT, NEAR, FAR = 0.5, 0.13, 0.33, 0.53


def views(
    photograph: Float[Tensor, "colours height width"],
    marks: Float[Tensor, "marks yx=2"],
    num_views: int,
    size: int = 24,
    seed: int = 0,
) -> tuple[
    Float[Tensor, "{num_views} colours {size} {size}"], Float[Tensor, "{num_views} marks yx=2"]
]:
    """Cut square windows out of a photograph, around some marks; each window lies differently.

    A window is turned by up to half a radian, its centre lies near that of the marks,
    and its side is between two thirds of the photograph's height and a little more
    than all of it. What lies beyond the edge is mirrored.

    Args:
        photograph: any size.
        marks: (row, column) of points in it, in pixels.
        num_views: how many windows.
        size: side of the square that a window is resampled to, in pixels.
        seed: the same seed cuts the same windows.

    Returns:
        The windows, and the places (y, x) of the marks in each, unitless: from -1 at
        the first pixel to 1 at the last.

    >>> images, places = views(torch.rand(3, 50, 75), torch.tensor([[20.0, 30.0]]), 4)
    >>> images.shape, places.shape
    (torch.Size([4, 3, 24, 24]), torch.Size([4, 1, 2]))
    """
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.tensor(photograph.shape[1:])
    angles = TURN * (2 * torch.rand(num_views, generator=generator) - 1)
    halves = NEAR + (FAR - NEAR) * torch.rand(num_views, generator=generator)
    shifts = SHIFT * (2 * torch.rand(num_views, 1, 2, generator=generator) - 1)
    centres = marks.mean(0) + shifts * pixels[0]
    sine, cosine = angles.sin(), angles.cos()
    turns = rearrange([cosine, -sine, sine, cosine], "(i j) n -> n i j", i=2)
    turns = turns * (halves * pixels[0])[:, None, None]
    seen = grid_positions((size, size)) @ turns.mT + centres
    yx = 2 * seen / (pixels - 1) - 1
    grid = rearrange(yx.flip(-1), "n (h w) xy -> n h w xy", h=size)
    windows = photograph.expand(num_views, -1, -1, -1)
    images = grid_sample(windows, grid, padding_mode="reflection", align_corners=True)
    return images, (marks - centres) @ torch.linalg.inv(turns).mT


SIZE = 24
SHRINK = 6
# Six scores are the places (y, x) of two eyes and a nose. One slow band says roughly where
# a pixel is, so that a latent that wants to know more must look at the colours.
CAT_FACE = ImageClassifierConfig(
    encoder=EncoderConfig(
        num_latents=6,
        latent_channels=32,
        num_blocks=1,
        layers_per_block=1,
        self_heads=4,
        cross_heads=1,
    ),
    stem=PixelStem(),
    positions=FourierConfig(num_bands=1, max_resolution=(2, 2)),
    image_size=(SIZE, SIZE),
    num_classes=6,
)


def cat_faces(
    num_views: int, seed: int = 0
) -> tuple[Float[Tensor, "{num_views} 3 24 24"], Float[Tensor, "{num_views} marks=3 yx=2"]]:
    """Turned and shifted views of the cat, and where her eyes and her nose are in them.

    Args:
        num_views: how many.
        seed: the same seed gives the same views.

    Returns:
        Colours from -2 to 2; places from -1 at the first pixel to 1 at the last.
    """
    photograph = torch.from_numpy(np.array(samples.cat())).movedim(-1, 0) / 255
    small = interpolate(photograph[None], scale_factor=1 / SHRINK, mode="area")[0]
    images, places = views(small, torch.tensor(samples.CAT_MARKS) / SHRINK, num_views, SIZE, seed)
    return 4 * (images - 0.5), places


def _batches(seed: int, num_views: int = 16) -> Iterator[tuple[Tensor, ...]]:
    return (cat_faces(num_views, seed=1000 * seed + number) for number in count(1))


def _loss(model: nn.Module, images: Tensor, places: Tensor) -> Tensor:
    return mse_loss(model(images), places.flatten(1))


def _score(model: nn.Module, num_views: int = 200) -> float:
    """The share of eyes and noses that are found to within two pixels."""
    images, places = cat_faces(num_views)
    with torch.no_grad():
        found = model(images).reshape_as(places)
    return ((found - places).norm(dim=-1) < 2 * 2 / (SIZE - 1)).float().mean().item()


RECIPES = {
    "cat-face": Recipe(
        CAT_FACE, _batches, _loss, _score, at_least=0.95, steps=800, learning_rate=4e-3
    ),
}
