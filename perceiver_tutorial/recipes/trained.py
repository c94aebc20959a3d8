"""The small trained models that come with the course."""

from difflib import get_close_matches
from pathlib import Path

from safetensors import SafetensorError
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
        ValueError: if the file is torn, or holds other weights.
    """
    if name not in recipes:
        nearest = get_close_matches(name, recipes, n=1, cutoff=0)[0]
        raise KeyError(f"expected the name of a recipe, got {name!r}. Did you mean {nearest!r}?")
    file = folder / f"{name}.safetensors"
    if not file.exists():
        raise FileNotFoundError(
            f"expected the weights of {name!r} in {file}. Make them: "
            f"python tools/train_models.py {name}."
        )
    model = recipes[name].config.build()
    try:
        load_model(model, file)
    except (SafetensorError, RuntimeError, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(
            f"expected the weights of {name!r} in {file}, got a file that is torn or another's: "
            f"{said}. Make them again: python tools/train_models.py {name}."
        ) from error
    return model.eval()
