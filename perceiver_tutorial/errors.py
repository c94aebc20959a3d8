"""Errors from deep inside a model say in which module they happened, and what had come to it."""

import traceback
from collections.abc import Callable
from functools import wraps
from inspect import getargvalues, isfunction
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

OURS = ("perceiver_tutorial", "perceiver_course")


class Model(nn.Module):
    """A whole model: any error in its public methods gets a note, and is otherwise as it was.

    What is wrong with a shape, torch says best; a model knows where it is wrong. Sentences of our
    own say both, and get no note.

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
        if torch.compiler.is_compiling():
            return method(model, *args, **kwargs)
        try:
            return method(model, *args, **kwargs)
        except Exception as error:
            _add_note(error, model)
            raise

    return call


def _add_note(error: Exception, model: nn.Module) -> None:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    said = traceback.extract_tb(error.__traceback__)[-1].line or ""
    is_ours = frames[-1].f_globals.get("__name__", "").startswith(OURS) and said.startswith("raise")
    if is_ours or getattr(error, "__notes__", ()):
        return
    names = {module: name for name, module in model.named_modules()}
    for frame in reversed(frames):
        if (module := _module_of(frame)) in names:
            where = f"{names[module] or 'the model itself'} ({type(module).__name__})"
            given = _tensors_of(frame)
            error.add_note(f"In {where}, given {given}." if given else f"In {where}.")
            return


def _module_of(frame: FrameType) -> nn.Module | None:
    owner = frame.f_locals.get("self")
    return owner if isinstance(owner, nn.Module) else None


def _tensors_of(frame: FrameType) -> str:
    arguments = getargvalues(frame)
    given = {name: arguments.locals[name] for name in arguments.args if name in arguments.locals}
    return ", ".join(
        f"{name} {str(x.dtype).removeprefix('torch.')} {list(x.shape)}"
        for name, x in given.items()
        if isinstance(x, Tensor)
    )
