"""Small models: how each is trained, and the trained ones that come with the course."""

from torch import nn

from .kit import recipes as shared
from .kit.catalogue import Catalogue
from .kit.recipes.recipe import Recipe, read_trained
from .kit.recipes.scores import measured

HOMES = shared.HOMES | {
    "clouds": "chapters.point_clouds.model",
    "scenes": "chapters.extending.model",
    "segments": "chapters.feature_maps.model",
    "skirmish": "chapters.entities.model",
    "sounds": "chapters.extending.model",
    "tagged": "chapters.extending.model",
}
RECIPES = Catalogue("RECIPES", HOMES)


def trained(name: str) -> nn.Module:
    """A small model as it was trained for the course, in evaluation mode.

    Args:
        name: one of `RECIPES`.

    >>> sum(p.numel() for p in trained("digits-fourier").parameters())
    89403
    """
    return read_trained(name, RECIPES)


__all__ = ["RECIPES", "Recipe", "measured", "trained"]
