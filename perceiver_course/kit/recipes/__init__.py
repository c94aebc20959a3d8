"""Small models that several chapters and explorers use, and how each is trained."""

from torch import nn

from ..catalogue import Catalogue
from .recipe import read_trained

HOMES = {
    "cat-face": "kit.recipes.cat_face",
    "clips": "kit.recipes.clips",
    "code-or-prose": "kit.recipes.text_classes",
    "digits-conv": "kit.recipes.digits",
    "digits-deit": "kit.recipes.digits_deit",
    "digits-deit-hard": "kit.recipes.digits_deit",
    "digits-deit-soft": "kit.recipes.digits_deit",
    "digits-deit-token": "kit.recipes.digits_deit",
    "digits-fourier": "kit.recipes.digits",
    "digits-learned": "kit.recipes.digits",
    "digits-mae": "kit.recipes.digits_hiera",
    "digits-teacher": "kit.recipes.digits_deit",
    "facts": "kit.recipes.facts",
    "flow": "kit.recipes.flow",
    "sentences-masked": "kit.recipes.text_masked",
}
RECIPES = Catalogue("RECIPES", HOMES)


def trained(name: str) -> nn.Module:
    """A small model that several chapters use, as it was trained, in evaluation mode.

    Args:
        name: one of `RECIPES`.
    """
    return read_trained(name, RECIPES)
