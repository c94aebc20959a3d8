"""Errors from deep inside a model say in which module they happened, and what had come to it."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from inspect import getargvalues, isfunction, signature
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn


class Place(str):
    """A note of ours, to tell it from those of others."""


class Model(nn.Module):
    """A whole model: errors in its public methods get a note, and are otherwise as they were.

    Torch knows best what is wrong with a shape; a model knows where. Where torch refuses numbers
    of another type or on another device than the weights, a `ValueError` says which.

    >>> class Toy(Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.head = nn.Linear(5, 3)
    ...
    ...     def forward(self, x):
    ...         return self.head(x)
    >>> try:
    ...     Toy()(torch.zeros(2, 4))
    ... except RuntimeError as error:
    ...     print(*error.__notes__)
    In head (Linear), given input float32 [2, 4].
    """

    def __init_subclass__(cls, **options: Any):
        super().__init_subclass__(**options)
        for name, method in list(vars(cls).items()):
            if isfunction(method) and not name.startswith("_"):
                setattr(cls, name, _noted(method))


def _noted(method: Callable) -> Callable:
    @wraps(method)
    def call(model: nn.Module, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(model, *args, **kwargs)
        except Exception as error:
            if torch.compiler.is_compiling():
                raise
            if isinstance(error, RuntimeError) and not isinstance(error, torch.OutOfMemoryError):
                _check_like_weights(model, signature(method).bind(model, *args, **kwargs).arguments)
            _add_note(error, model)
            raise

    return call


def _check_like_weights(model: nn.Module, given: Mapping[str, Any]) -> None:
    weights = next((p for p in model.parameters() if p.is_floating_point()), None)
    if weights is None or any(map(torch.is_autocast_enabled, ("cpu", "cuda", "mps"))):
        return
    for name, x in _tensors_in(given):
        if not (x.is_floating_point() or x.dtype == torch.bool or x.is_meta):
            continue  # points may be on any device that has numbers
        wanted = weights.dtype if x.is_floating_point() else x.dtype
        if (x.dtype, x.device) != (wanted, weights.device):
            to = "next(model.parameters())" + ("" if x.is_floating_point() else ".device")
            raise ValueError(
                f"expected {name} like the model's weights, {_short(wanted)} on {weights.device}, "
                f"got {_short(x.dtype)} on {x.device}. Bring them together: {name}.to({to})."
            )


def _tensors_in(given: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    for name, value in given.items():
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, Mapping):
            yield from ((f"{name}[{k!r}]", x) for k, x in value.items() if isinstance(x, Tensor))


def _add_note(error: Exception, model: nn.Module) -> None:
    names = {id(module): name for name, module in model.named_modules()}
    for frame, _ in reversed([*traceback.walk_tb(error.__traceback__)]):
        module = frame.f_locals.get("self")
        if id(module) in names:
            name = names[id(module)] or "the model itself"
            note = Place(f"In {name} ({type(module).__name__}){_tensors_given(frame)}.")
            # A model inside this one has named the place from its own root.
            others = (n for n in getattr(error, "__notes__", ()) if not isinstance(n, Place))
            error.__notes__ = [*others, note]
            return


def _tensors_given(frame: FrameType) -> str:
    names, _, _, values = getargvalues(frame)
    tensors = [(name, values[name]) for name in names if isinstance(values.get(name), Tensor)]
    given = [f"{n} {_short(x.dtype)} {list(x.shape)}" for n, x in tensors if not x.is_nested]
    return f", given {', '.join(given)}" if given else ""


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
