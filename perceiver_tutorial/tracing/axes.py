"""The names of axes, read from the shapes in a method's own signature."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from torch import Tensor

Names = tuple[str, ...]


@cache
def signature_axes(function: Callable) -> dict[str, Names]:
    """Axis names of every parameter that has a shape, and of the "return".

    >>> from ..attention import SelfAttentionLayer
    >>> signature_axes(SelfAttentionLayer.forward)["return"]
    ('batch', 'positions', 'channels')
    """
    axes = {name: _axes(hint) for name, hint in get_type_hints(function).items()}
    return {name: names for name, names in axes.items() if names}


def _axes(hint: Any) -> Names:
    shapes = (option.dim_str for option in (hint, *get_args(hint)) if hasattr(option, "dim_str"))
    words = next(shapes, "").replace("#", "").split()
    return tuple(word.split("=")[0].lstrip("_") for word in words)


def names_for(axes: Names, sizes: Sequence[int]) -> Names:
    """One name for each axis; a starred name stands for as many as are left, or none.

    >>> names_for(("batch", "*frames", "height", "width"), (1, 16, 56, 56))
    ('batch', 'frames', 'height', 'width')
    """
    spare = len(sizes) - len(axes) + 1
    return tuple(
        name
        for axis in axes
        for name in [axis.lstrip("*")] * (spare if axis.startswith("*") else 1)
    )


def tensors_in(value: Any) -> Iterator[tuple[str, Tensor]]:
    """Every tensor in an argument or an answer, with its key where it is one of several."""
    several = vars(value) if is_dataclass(value) else value
    if isinstance(several, Tensor):
        yield "", several
    elif isinstance(several, dict):
        yield from ((key, one) for key, one in several.items() if isinstance(one, Tensor))


def arguments(method: Callable, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a bound method was called with, by the names of its parameters."""
    return {**dict(zip(_parameters(method.__func__)[1:], args, strict=False)), **kwargs}


@cache
def _parameters(function: Callable) -> Names:
    return tuple(inspect.signature(function).parameters)
