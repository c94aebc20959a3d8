"""A recipe: a model, what it learns from, how long, how good it then is; its weights."""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_model
from torch import Tensor, nn

from perceiver_tutorial.initialisation import scale_tables
from perceiver_tutorial.zoo import build

from .. import DATA
from ..training import History, fit

FOLDER = DATA / "models"


@dataclass(frozen=True)
class Recipe:
    """How one small model of the course is trained.

    Attributes:
        config: its sizes; `build` takes it.
        batches: batches without end, from a seed. Sizes of data and batches are its further
            arguments, with defaults, so that the fingerprint sees them.
        loss: called as loss(model, *batch).
        score: how good a trained model is on data that it has not seen; 1 is best.
        at_least: the score that every seed reaches.
        steps: batches to learn from.
        learning_rate: the highest; see `fit`.
        tables: standard deviation at which learned tables start, see `scale_tables`;
            None: 0.02, as published.
        version: raise it after a change that this recipe does not show but that changes what
            is learned or how it is scored: inside one of the functions or of what they call, or
            another private function, with equal arguments, in the place of one.
    """

    config: Any
    batches: Callable[[int], Iterator[tuple[Tensor, ...]]]
    loss: Callable[..., Tensor]
    score: Callable[[nn.Module], float]
    at_least: float
    steps: int
    learning_rate: float = 3e-3
    tables: float | None = None
    version: int = 1

    def train(self, seed: int = 0) -> tuple[nn.Module, History]:
        """A new model, trained; everything random in it follows from the seed."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = build(self.config)
        if self.tables is not None:
            scale_tables(model, self.tables)
        source = self.batches(seed)
        history = fit(
            model,
            self.loss,
            source,
            steps=self.steps,
            learning_rate=self.learning_rate,
            seed=seed,
        )
        return model, history

    @property
    def fingerprint(self) -> str:
        """Names what decides the result, so that scores can be told from those of another recipe.

        That is the configuration, the data and their sizes, the loss, the numbers of the
        training, and the version. How functions are written does not count, nor what private
        ones are called, nor `at_least`.
        """
        functions = map(_called, (self.batches, self.loss, self.score))
        numbers = (self.steps, self.learning_rate, self.tables, self.version)
        said = [repr(self.config), *functions, *map(repr, numbers)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _called(function: Callable) -> str:
    """A public function's name, and the values of its arguments, as far as they are settled."""
    if isinstance(function, partial):
        return f"{_called(function.func)} with {function.args}, {function.keywords}"
    arguments = inspect.signature(function).parameters.values()
    settled = {a.name: a.default for a in arguments if a.default is not a.empty}
    name = function.__name__
    return f"{'' if name.startswith('_') else name}{settled}"


def read_trained(name: str, recipes: Mapping[str, Recipe], folder: Path = FOLDER) -> nn.Module:
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
    model = build(recipes[name].config)
    try:
        load_model(model, file)
    except (SafetensorError, RuntimeError, OSError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(
            f"expected the weights of {name!r} in {file}, got a file that is torn or another's: "
            f"{said}. Make them again: python tools/train_models.py {name}."
        ) from error
    return model.eval()
