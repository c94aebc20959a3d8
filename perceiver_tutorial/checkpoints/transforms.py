"""Changes of form that can be undone; on tensors that have shapes and nothing else, too."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Transform(NamedTuple):
    """From their form to ours, and back.

    Attributes:
        to_ours: takes what is theirs, one argument each; gives as many as are ours.
        to_theirs: undoes it.
    """

    to_ours: Callable[..., tuple[Any, ...]]
    to_theirs: Callable[..., tuple[Any, ...]]


def each(to_ours: Callable[[Any], Any], to_theirs: Callable[[Any], Any]) -> Transform:
    """A transform of one thing into one thing."""
    return Transform(lambda theirs: (to_ours(theirs),), lambda ours: (to_theirs(ours),))


def same(*things: Any) -> tuple[Any, ...]:
    """Leave everything as it is."""
    return things


def _split(fused: Tensor) -> tuple[Tensor, ...]:
    return fused.chunk(3)


def _fuse(*parts: Tensor) -> tuple[Tensor]:
    return (torch.cat(parts),)


SAME = Transform(same, same)
FUSED = Transform(_split, _fuse)  # queries, keys and values: one map there, three here
TRANSPOSED = each(lambda theirs: theirs.T, lambda ours: ours.T)
HEIGHT_WIDTH_IN_OUT = each(
    lambda theirs: theirs.permute(3, 2, 0, 1), lambda ours: ours.permute(2, 3, 1, 0)
)
FOUR_AXES = each(lambda theirs: theirs.flatten(), lambda ours: ours[None, None, None])
AS_TUPLE = each(lambda theirs: tuple(theirs), lambda ours: list(ours))


def _labels(count: int) -> list[str]:
    """What transformers calls classes that nobody has named."""
    return [f"LABEL_{number}" for number in range(count)]


def _classes(labels: Mapping[Any, str]) -> tuple[int, tuple[str, ...] | None]:
    """How many there are, and their names in the order of their numbers; JSON sorts "10" first."""
    names = {str(number): str(name) for number, name in labels.items()}
    in_order = [names.get(str(number)) for number in range(len(labels))]
    is_named = None not in in_order and in_order != _labels(len(labels))
    return len(labels), tuple(in_order) if is_named else None


# Names by number in transformers' id2label; without any, DeiTs of ours have no head.
CLASSES = Transform(
    _classes,
    lambda count, names: (dict(enumerate(_labels(count) if names is None else names)),),
)
CLASSES_OR_NONE = Transform(
    lambda labels: _classes(labels) if labels else (None, None), CLASSES.to_theirs
)
