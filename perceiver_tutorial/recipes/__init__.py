"""Small models: how each is trained, and the trained ones that come with the course."""

from . import (
    cat_face,
    clips,
    clouds,
    digits,
    digits_deit,
    digits_hiera,
    facts,
    flow,
    scenes,
    segments,
    skirmish,
    sounds,
    tagged,
    text_classes,
    text_masked,
)
from .recipe import Recipe
from .seeds import measured
from .trained import read_trained

RECIPES: dict[str, Recipe] = {
    **cat_face.RECIPES,
    **clips.RECIPES,
    **clouds.RECIPES,
    **digits.RECIPES,
    **digits_hiera.RECIPES,
    **digits_deit.RECIPES,
    **facts.RECIPES,
    **flow.RECIPES,
    **skirmish.RECIPES,
    **sounds.RECIPES,
    **tagged.RECIPES,
    **scenes.RECIPES,
    **segments.RECIPES,
    **text_classes.RECIPES,
    **text_masked.RECIPES,
}


def trained(name: str):
    """A small model as it was trained for the course, in evaluation mode.

    Args:
        name: one of `RECIPES`.

    >>> sum(p.numel() for p in trained("digits-fourier").parameters())
    89403
    """
    return read_trained(name, RECIPES)


__all__ = ["RECIPES", "Recipe", "measured", "trained"]
