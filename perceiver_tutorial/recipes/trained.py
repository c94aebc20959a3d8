"""The small trained models that come with the course."""

from difflib import get_close_matches
from pathlib import Path

from safetensors.torch import load_model
from torch import nn

from .recipe import FOLDER, Recipe


def read_trained(name: str, recipes: dict[str, Recipe], folder: Path = FOLDER) -> nn.Module:
    """Build a recipe's model with the weights that are stored for it.

    Args:
        name: of a recipe.
        recipes: name -> recipe.
        folder: where NAME.safetensors lies.

    Raises:
        FileNotFoundError: if no weights are stored under that name.
        KeyError: if there is no such recipe.
    """
    if name not in recipes:
        nearest = get_close_matches(name, recipes, n=1, cutoff=0)[0]
        raise KeyError(f"no recipe is called {name!r}. Did you mean {nearest!r}?")
    file = folder / f"{name}.safetensors"
    if not file.exists():
        raise FileNotFoundError(
            f"expected the weights of {name!r} in {file}. Make them: "
            f"python tools/train_models.py {name}."
        )
    model = recipes[name].config.build()
    load_model(model, file)
    return model.eval()
