"""Small models: how each is trained, and the trained ones that come with the course."""

from . import digits
from .recipe import Recipe
from .trained import read_trained

RECIPES: dict[str, Recipe] = {**digits.RECIPES}


def trained(name: str):
    """A small model as it was trained for the course, in evaluation mode.

    Args:
        name: one of `RECIPES`.

    >>> sum(p.numel() for p in trained("digits-fourier").parameters())
    89290
    """
    return read_trained(name, RECIPES)


__all__ = ["RECIPES", "Recipe", "trained"]
