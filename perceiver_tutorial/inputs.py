"""What may enter a model: published names, configurations, raw data, and numbers to choose by."""

import re
import reprlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache, partial
from inspect import formatannotation
from typing import Any, Literal, TypeVar, get_origin, get_type_hints

import numpy as np
import torch
from beartype import BeartypeConf
from beartype.door import is_bearable
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch._subclasses import FakeTensor

Config = TypeVar("Config")
NEAR = 0.4  # of 1, by difflib's measure
TO_PAD = "Pad it, x.to_padded_tensor(0); where a model takes mask, say there what is padding."
TO_COUNT = "Ids are whole numbers: x.long()."
TO_MEASURE = (
    "Measured values are floats: x / 255 for 8-bit colours, then normalise; else x.float()."
)
IDS = (torch.int32, torch.int64)  # what an embedding can look up


def look_up(name: str, published: Mapping[str, Config], kind: str) -> Config:
    """The configuration that was published under a name.

    Args:
        name: as it was published.
        published: name -> configuration.
        kind: what is looked for: "Hiera", "model".

    Raises:
        ValueError: if there is none, with the nearest name, or some where none is near.
    """
    if name not in published:
        near = get_close_matches(name, published, n=1, cutoff=NEAR)
        some = ", ".join(map(repr, list(published)[:: len(published) // 4 or 1]))
        advice = f"Did you mean {near[0]!r}?" if near else f"Some of those there are: {some}."
        raise ValueError(f"expected a published {kind}, got {name!r}. {advice}")
    return published[name]


def check_classes(class_names: Sequence[str] | None, num_classes: int | None) -> None:
    """Let the names of classes pass, or say that there are more or fewer than classes.

    Args:
        class_names: one for each class; None: nobody knows them.
        num_classes: scores that the model gives; None: none.

    Raises:
        ValueError: if there are more or fewer names than classes.
    """
    if class_names is not None and len(class_names) != (num_classes or 0):
        raise ValueError(
            f"expected class_names as one name for each of {num_classes or 0:,} classes, got "
            f"{len(class_names):,}. For other classes give other names, or class_names=None."
        )


def check_fields(config: Any, may_be_0: Collection[str] = ()) -> None:
    """Let a configuration pass whose fields are of their types, or name the first that is not.

    Lists, as JSON has them, become tuples, and numpy's numbers Python's.

    Args:
        config: a dataclass; this is its `__post_init__`, or the first thing in it.
        may_be_0: fields whose whole numbers start at 0; all others start at 1.

    Raises:
        TypeError: if a field is of another type.
        ValueError: if it is a word that has no meaning here, or its whole number is too small.
    """
    owner, hints = type(config).__name__, _hints(type(config))
    for name in (field.name for field in fields(config)):
        value, hint = _plain(getattr(config, name)), hints[name]
        object.__setattr__(config, name, value)
        if not _is_a(value, hint):
            is_word = isinstance(value, str) and get_origin(hint) is Literal
            expected = re.sub(r"[\w.]+\.(?=\w)", "", formatannotation(hint))  # names, not modules
            raise (ValueError if is_word else TypeError)(
                f"{owner} expected {name} as {expected}, got {reprlib.repr(value)}. help({owner}) "
                "says what it is for."
            )
        least = 0 if name in may_be_0 else 1
        takes_floats = _fits(0.5, hint) or _fits((0.5,), hint)
        numbers = value if isinstance(value, tuple) else (value,)
        if not takes_floats and any(type(n) is int and n < least for n in numbers):
            raise ValueError(f"{owner} expected {name} of at least {least}, got {value}.")


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return tuple(map(_plain, value)) if type(value) in (list, tuple) else value


def _is_a(value: Any, hint: Any) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    counted = tuple(2 if isinstance(item, bool) else item for item in items)
    if counted != items and _fits(counted if items is value else 2, hint):
        return False  # True is an int to Python, and no number to us
    # Of a tuple of any length beartype looks at one item only, which it draws at random.
    any_length = items is value and _fits((), hint)
    return _fits(value, hint) and (not any_length or all(_fits((one,), hint) for one in items))


_hints = cache(get_type_hints)
_fits = partial(is_bearable, conf=BeartypeConf(is_pep484_tower=True))  # an int is a float


@dataclass(frozen=True)
class InputSpec:
    """What a model, or one part of it, lets in.

    Attributes:
        name: what comes in, in the plural: "images".
        axes: a name for every axis but the batch, e.g. ("colours", "height", "width").
        sizes: how long each of them must be; None: any length.
        to_resize: what to do about a length that does not fit.
    """

    name: str
    axes: tuple[str, ...]
    sizes: tuple[int | None, ...]
    to_resize: str

    def check(self, raw: Tensor, *, integers: bool = False) -> None:
        """Let `raw` pass, or say what is wrong with it.

        Args:
            raw: what somebody brought.
            integers: whether numbers are counted (ids) rather than measured.

        Raises:
            TypeError: if it is no tensor.
            ValueError: if its shape or its kind of number does not fit.
        """
        if not (self._is_kind(raw, integers) and raw.shape[0] and self._fits(raw.shape[1:])):
            raise self._refusal_of(raw, integers)

    def _is_kind(self, raw: Any, integers: bool) -> bool:
        is_array = isinstance(raw, Tensor) and not raw.is_nested and raw.ndim > 0
        return is_array and (raw.dtype in IDS if integers else raw.is_floating_point())

    def _refusal_of(self, raw: Any, integers: bool) -> TypeError | ValueError:
        if not isinstance(raw, Tensor):
            kind, advice = type(raw).__name__, "Make it a tensor: torch.as_tensor(...)."
            return TypeError(f"expected {self}, got {kind}. {advice}")
        if raw.is_nested:
            got, advice = "a nested tensor", TO_PAD
        elif raw.ndim and not self._is_kind(raw, integers):
            got = f"{str(raw.dtype).removeprefix('torch.')} numbers"
            advice = TO_COUNT if integers else TO_MEASURE
        else:
            got, advice = list(raw.shape), self._hint(raw.shape)
        return ValueError(f"expected {self}, got {got}. {advice}")

    def __str__(self) -> str:
        sizes = (a if n is None else str(n) for a, n in zip(self.axes, self.sizes, strict=True))
        return f"{self.name} [{', '.join(('batch', *sizes))}]"

    def _fits(self, shape: tuple[int, ...]) -> bool:
        pairs = zip(self.sizes, shape, strict=False)
        return len(shape) == len(self.sizes) and all(n in (None, got) for n, got in pairs)

    def _hint(self, shape: tuple[int, ...]) -> str:
        if self._fits(shape):
            return "One of them is a batch of one: add an axis with x[None]."
        if len(shape) != len(self.sizes) + 1:
            return f"Expected {len(self.sizes) + 1} axes: batch, {', '.join(self.axes)}."
        if not shape[0]:
            return "The batch is empty: give at least one."
        return self._hint_on_order(shape) or self.to_resize

    def _hint_on_order(self, shape: tuple[int, ...]) -> str | None:
        if "colours" not in self.axes:
            return None
        place = self.axes.index("colours") + 1
        colours_first = (*shape[1:place], shape[-1], *shape[place:-1])
        if not self._fits(colours_first):
            return None
        before, after = ("b c h w", "b h w c") if place == 1 else ("b t c h w", "b t h w c")
        return f"Colours come before height and width: rearrange(x, '{after} -> {before}')."


def has_values(*tensors: Tensor) -> bool:
    """Whether the numbers in tensors can be looked at.

    Not on the meta device, not while somebody compiles, exports or traces, and not under a
    transform such as vmap: what is then asked about numbers stops all of these.

    >>> has_values(torch.ones(2)), has_values(torch.ones(2, device="meta"))
    (True, False)
    """
    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return False
    return not any(
        x.is_meta or isinstance(x, FakeTensor) or is_functorch_wrapped_tensor(x) for x in tensors
    )


def check_numbers(**named: Tensor) -> None:
    """Let tensors pass that something is chosen by, or say where they are no numbers.

    Args:
        named: what each is called -> scores, or what else is compared.

    Raises:
        ValueError: if one of them holds NaN.

    >>> import torch
    >>> check_numbers(scores=torch.tensor([0.5, float("nan")]))
    Traceback (most recent call last):
    ValueError: expected numbers in scores, got NaN in 1 of 2. Nothing can be chosen by it: ...
    """
    for name, values in named.items():
        if not values.is_floating_point() or not has_values(values):
            continue
        if count := int(values.isnan().sum()):
            raise ValueError(
                f"expected numbers in {name}, got NaN in {count} of {values.numel()}. Nothing can "
                "be chosen by it: look for NaN in the raw input and in the weights."
            )


def check_filled(**named: Tensor) -> None:
    """Let tensors pass that a mean is taken over, or say which of them is empty.

    Args:
        named: what each is called -> a batch, which must not be empty.

    Raises:
        ValueError: if one of them has no number in it.
    """
    for name, values in named.items():
        if not values.numel():
            raise ValueError(
                f"expected at least one sample in {name}, got {list(values.shape)}. Leave empty "
                "batches out: the mean of nothing is no number."
            )
