"""Any published name or configuration as a model without weights or memory."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch

# The first computation on the meta device imports this anyway: a second, better spent here.
import torch._dynamo
from torch import nn
from torch.overrides import TorchFunctionMode

from .. import deit, hiera, perceiver
from ..inputs import look_up
from ..zoo import build

FAMILIES = (perceiver, hiera, deit)


@runtime_checkable
class Config(Protocol):
    """What `build` makes a model from, in any family."""

    def example_input(self, batch_size: int = 1) -> Any: ...


def published_configs() -> dict[str, Config]:
    """Every published name, of all families."""
    return {name: config for family in FAMILIES for name, config in family.PUBLISHED.items()}


def model_and_input(
    model: str | Config | nn.Module, raw: Any, batch_size: int
) -> tuple[str, nn.Module, Any]:
    """A title, a model, and something to feed it.

    Names and configurations are built on torch's meta device, where tensors have
    shapes and nothing else. A module is taken as it is, and needs `raw`.

    Raises:
        ValueError: if a module comes without `raw`, or a name is not published.
    """
    if isinstance(model, nn.Module):
        if raw is None:
            raise ValueError("expected raw, the input for this module: walk(model, raw).")
        return type(model).__name__, model, raw
    title = model if isinstance(model, str) else type(model).__name__
    with torch.device("meta"), _Undrawn():
        config = published_config(model) if isinstance(model, str) else model
        return title, build(config).eval(), config.example_input(batch_size)


class _Undrawn(TorchFunctionMode):
    """Leaves out what fills tensors: on the meta device there are no numbers to draw."""

    def __torch_function__(self, func: Callable, _types, args=(), kwargs=None) -> Any:
        if getattr(func, "__module__", "") == "torch.nn.init":
            return kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def published_config(name: str) -> Config:
    """Look a published configuration of any family up, or suggest the nearest name.

    Raises:
        ValueError: if no published model has that name.
    """
    return look_up(name, {**published_configs(), **deit.DEIT_III}, "model")


def run(model: nn.Module, raw: Any, points: Any) -> Any:
    """One forward pass without gradients; with `points`, encode once and decode those."""
    with torch.no_grad():
        if points is None:
            return model(raw)
        return model.decode(model.encode(raw), raw, points=points)
