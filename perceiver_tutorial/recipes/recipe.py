"""A recipe: a model, what it learns from, how long, and how good it then is."""

import hashlib
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from ..initial import spread_tables
from ..training import History, fit

FOLDER = Path(__file__).parents[2] / "data" / "models"


@runtime_checkable
class Config(Protocol):
    """What a model of any family is built from."""

    def build(self) -> nn.Module: ...


@dataclass(frozen=True)
class Recipe:
    """How one small model of the course is trained.

    Attributes:
        config: its sizes.
        batches: batches without end, from a seed.
        loss: called as loss(model, *batch).
        score: how good a trained model is on data that it has not seen; 1 is best.
        at_least: the score that every seed reaches.
        steps: batches to learn from.
        learning_rate: the highest; see `fit`.
        tables: standard deviation at which learned tables start, see `spread_tables`;
            None: 0.02, as published.
    """

    config: Config
    batches: Callable[[int], Iterator[tuple[Tensor, ...]]]
    loss: Callable[..., Tensor]
    score: Callable[[nn.Module], float]
    at_least: float
    steps: int
    learning_rate: float = 3e-3
    tables: float | None = None

    def train(self, seed: int = 0) -> tuple[nn.Module, History]:
        """A new model, trained; everything random in it follows from the seed."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = self.config.build()
        if self.tables is not None:
            spread_tables(model, self.tables)
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
        """Changes with every number of the recipe and with the source of its functions."""
        values = (getattr(self, field.name) for field in fields(self))
        said = [_source(v) if inspect.isfunction(v) else repr(v) for v in values]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _source(function: Callable) -> str:
    """What a function does, without the doors it stands behind."""
    return re.sub(r"^(@\w+\n)+", "", inspect.getsource(function))
