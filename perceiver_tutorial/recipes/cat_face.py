"""Where are her eyes, where is her nose? One photograph of a cat, seen from all sides."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, mse_loss

from .. import samples
from ..perceiver import EncoderConfig, FourierConfig, ImageClassifierConfig, PixelStem
from ..synthetic import views
from .recipe import Recipe

SIZE = 24
SHRINK = 6
# Six scores are the places (y, x) of two eyes and a nose. One slow band says roughly where
# a pixel is, so that a latent that wants to know more must look at the colours.
CAT_FACE = ImageClassifierConfig(
    encoder=EncoderConfig(
        num_latents=6,
        latent_channels=32,
        num_blocks=1,
        self_attends_per_block=1,
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
