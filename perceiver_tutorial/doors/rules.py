"""What a signature says of one argument, as a rule that values keep or break."""

import collections.abc
import numbers
import types
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, Union, get_args, get_origin, runtime_checkable

import torch
from jaxtyping import AbstractArray
from torch import Tensor

from .axes import Axis, Seen, axes_of, dtypes_of, note_shape, say_shape

CONTAINERS = (
    tuple, list, dict, set, collections.abc.Sequence, collections.abc.Mapping,
    collections.abc.Iterable, collections.abc.Iterator,
)  # fmt: skip
NUMBERS = {int: (numbers.Integral, "a whole number"), float: (numbers.Real, "a number")}


@runtime_checkable
class Rule(Protocol):
    """One kind of argument."""

    def fits(self, value: Any, seen: Seen) -> bool:
        """Whether a value is of this kind; sizes that have a name are noted."""

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class Tensors:
    """A tensor with a kind of number and named axes."""

    kind: str
    dtypes: frozenset[torch.dtype]
    axes: tuple[Axis, ...]

    def fits(self, value: Any, seen: Seen) -> bool:
        if not isinstance(value, Tensor) or value.dtype not in self.dtypes:
            return False
        shape = value.shape
        return note_shape(self.axes, shape, seen) and (not shape or seen.on(value.device))

    def __str__(self) -> str:
        return f"{self.kind} {say_shape(self.axes)}"


@dataclass(frozen=True)
class Plain:
    """A number, a name, a module: whatever is told by its class."""

    classes: tuple[type, ...]
    words: str

    def fits(self, value: Any, _seen: Seen) -> bool:
        return isinstance(value, self.classes) or _is_lone_number(value, self.classes)

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[Any, ...]

    def fits(self, value: Any, _seen: Seen) -> bool:
        return any(type(value) is type(word) and value == word for word in self.words)

    def __str__(self) -> str:
        return " or ".join(map(repr, self.words))


@dataclass(frozen=True)
class Several:
    """Many values of one kind, in a row or by name; or one of each kind, in a tuple."""

    container: type
    each: tuple[Rule | None, ...]
    is_row: bool

    def fits(self, value: Any, seen: Seen) -> bool:
        # A list where a tuple is asked for can only be meant so.
        container = (tuple, list) if self.container is tuple else self.container
        if isinstance(value, str):
            return self.container is collections.abc.Sequence and str(self.each[0]) == "a str"
        if not isinstance(value, container) or isinstance(value, bytes | Tensor):
            return False
        if not isinstance(value, collections.abc.Sized):
            return True  # to look at what runs out would use it up
        inside = value.values() if isinstance(value, collections.abc.Mapping) else value
        if self.is_row:
            rule = self.each[0]
            # Each for itself: several sounds need not be equally long.
            return rule is None or all(rule.fits(one, seen.copy()) for one in inside)
        pairs = zip(self.each, inside, strict=False)
        return len(value) == len(self.each) and all(r is None or r.fits(v, seen) for r, v in pairs)

    def __str__(self) -> str:
        inside = ", ".join("anything" if rule is None else str(rule) for rule in self.each)
        if not self.is_row:
            return f"({inside})"
        is_named = issubclass(self.container, collections.abc.Mapping)
        return f"{'names' if is_named else 'several'}: {inside}"


@dataclass(frozen=True)
class Fields:
    """An object of ours whose attributes have shapes."""

    owner: type
    rules: tuple[tuple[str, Rule], ...]

    def fits(self, value: Any, seen: Seen) -> bool:
        # Its names are its own: two pictures need not hold equally many things.
        own = Seen(device=seen.device)
        return isinstance(value, self.owner) and all(
            rule.fits(getattr(value, name), own) for name, rule in self.rules
        )

    def __str__(self) -> str:
        inside = ", ".join(f"{name} {rule}" for name, rule in self.rules)
        return f"a {self.owner.__name__}" + (f" of {inside}" if inside else "")


@dataclass(frozen=True)
class Either:
    """One of several kinds; None among them, where an argument may be left out."""

    rules: tuple[Rule, ...]
    or_none: bool

    def fits(self, value: Any, seen: Seen) -> bool:
        if value is None:
            return self.or_none
        for rule in self.rules:
            trial = seen if len(self.rules) == 1 else seen.copy()
            if rule.fits(value, trial):
                seen.take(trial)
                return True
        return False

    def __str__(self) -> str:
        return " or ".join([*map(str, self.rules), *(["None"] if self.or_none else [])])


def _is_lone_number(value: Any, classes: tuple[type, ...]) -> bool:
    """Whether a tensor without axes stands for the number in it."""
    if not isinstance(value, Tensor) or value.ndim:
        return False
    is_float = value.is_floating_point()
    return numbers.Real in classes or (numbers.Integral in classes and not is_float)


@cache
def rule_of(hint: Any) -> Rule | None:
    """The rule that a type hint stands for; None where anything goes."""
    origin, inside = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return Tensors(*dtypes_of(hint), axes_of(hint.dim_str))
    if origin in (Union, types.UnionType):
        rules = [rule_of(one) for one in inside if one is not type(None)]
        return None if None in rules else Either(tuple(rules), type(None) in inside)
    if origin is Literal:
        return Choice(inside)
    if origin in CONTAINERS:
        return _several(origin, inside)
    if isinstance(hint, type):
        return _plain(hint)
    return None


def _several(origin: type, inside: tuple) -> Rule:
    if origin is tuple and inside[-1] is not ...:
        return Several(tuple, tuple(map(rule_of, inside)), is_row=False)
    each = inside[-1] if issubclass(origin, collections.abc.Mapping) else inside[0]
    return Several(origin, (rule_of(each),), is_row=True)


def _plain(hint: type) -> Rule | None:
    if hint in NUMBERS:
        kind, words = NUMBERS[hint]
        return Plain((kind,), words)
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        rules = ((name, rule_of(kind)) for name, kind in hint.__annotations__.items())
        return Fields(hint, tuple((n, r) for n, r in rules if _has_shapes(r)))
    if getattr(hint, "_is_runtime_protocol", False):
        return Plain((hint,), f"a {hint.__name__}")
    if hint in (str, bool, Tensor, torch.Generator, Path) or issubclass(hint, torch.nn.Module):
        return Plain((hint,), f"a {hint.__name__}")
    return None


def _has_shapes(rule: Rule | None) -> bool:
    either = isinstance(rule, Either) and any(isinstance(one, Tensors) for one in rule.rules)
    return either or isinstance(rule, Tensors)
