"""The axes in a jaxtyping shape: their names, their sizes, and what was seen under a name."""

from dataclasses import dataclass, field
from typing import Any

import torch

KINDS = {"Float": "floats", "Int": "whole numbers", "Bool": "True and False"}
DTYPES = [value for value in vars(torch).values() if isinstance(value, torch.dtype)]


@dataclass(frozen=True)
class Axis:
    """One word of a shape.

    Attributes:
        name: empty where any size will do.
        size: the only size that will do, if there is one.
        is_many: stands for any number of axes.
        may_be_one: may have size 1, and is then repeated.
    """

    name: str
    size: int | None = None
    is_many: bool = False
    may_be_one: bool = False

    def __str__(self) -> str:
        if self.size is not None:
            return f"{self.name}={self.size}" if self.name else str(self.size)
        return "*" * self.is_many + (self.name or "any")


@dataclass
class Seen:
    """What the arguments of one call have shown so far.

    Attributes:
        sizes: name -> the size of that axis; a tuple of sizes where it stands for many.
        device: where the first tensor is.
    """

    sizes: dict[str, Any] = field(default_factory=dict)
    device: torch.device | None = None

    def on(self, device: torch.device) -> bool:
        """Whether a device is that of the tensors before."""
        if self.device is None:
            self.device = device
        return device == self.device

    def copy(self) -> "Seen":
        return Seen(dict(self.sizes), self.device)

    def take(self, other: "Seen") -> None:
        """Go on from where a copy has come to."""
        self.sizes, self.device = other.sizes, other.device


def axes_of(words: str) -> tuple[Axis, ...]:
    """Read a shape as jaxtyping writes it.

    >>> [str(axis) for axis in axes_of("*batch 3 xy=2 _ width")]
    ['*batch', '3', 'xy=2', 'any', 'width']
    """
    return tuple(map(_axis, words.split()))


def _axis(word: str) -> Axis:
    signs = word[: len(word) - len(word.lstrip("*#"))]
    name, _, size = word.removeprefix(signs).rpartition("=")
    if size.isdigit():
        return Axis(name, int(size))
    free = size == "..." or size.startswith("_") or not size.isidentifier()
    return Axis("" if free else size, None, "*" in signs or size == "...", "#" in signs)


def dtypes_of(hint: Any) -> tuple[str, frozenset[torch.dtype]]:
    """The kind of number that a jaxtyping hint asks for, in words and as torch names it."""
    name = hint.dtype.__name__
    wanted = hint.dtypes
    every = not isinstance(wanted, list | tuple)
    return KINDS.get(name, "numbers"), frozenset(
        dtype for dtype in DTYPES if every or str(dtype).removeprefix("torch.") in wanted
    )


def note_shape(axes: tuple[Axis, ...], shape: tuple[int, ...], seen: Seen) -> bool:
    """Whether a shape fits, together with those before."""
    spare = len(shape) - len(axes)
    if spare:
        return _note_many(axes, shape, seen)
    sizes = seen.sizes
    for axis, size in zip(axes, shape, strict=True):
        if axis.is_many:
            return _note_many(axes, shape, seen)
        if axis.size is not None:
            if size != axis.size:
                return False
        elif axis.may_be_one and size == 1:
            continue
        elif axis.name and sizes.setdefault(axis.name, size) != size:
            return False
    return True


def _note_many(axes: tuple[Axis, ...], shape: tuple[int, ...], seen: Seen) -> bool:
    """The same where one word stands for any number of axes."""
    place = next((n for n, axis in enumerate(axes) if axis.is_many), None)
    after = 0 if place is None else len(axes) - place - 1
    if place is None or len(shape) < len(axes) - 1:
        return False
    many, end = axes[place], len(shape) - after
    fits = note_shape(axes[:place], shape[:place], seen) and _is_known(
        many, tuple(shape[place:end]), seen.sizes
    )
    return fits and note_shape(axes[place + 1 :], shape[end:], seen)


def _is_known(many: Axis, sizes: tuple[int, ...], known: dict[str, Any]) -> bool:
    before = known.setdefault(many.name, sizes) if many.name else sizes
    if not many.may_be_one:
        return before == sizes
    if len(sizes) > len(before):
        return False
    pairs = zip(reversed(sizes), reversed(before), strict=False)
    return all(one == other or 1 in (one, other) for one, other in pairs)


def say_shape(axes: tuple[Axis, ...]) -> str:
    """A shape in brackets: [batch, queries, 3]."""
    return f"[{', '.join(map(str, axes))}]"
