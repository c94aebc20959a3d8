"""What may go wrong with an argument: example calls, and ways to spoil one argument of them."""

import inspect
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass, replace
from types import MappingProxyType
from typing import Any

import torch
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir
from torch import Tensor

from perceiver_tutorial.inputs import rules

set_hypothesis_home_dir(tempfile.gettempdir())  # it keeps notes, and the tree is no place for them
FEW = settings(max_examples=10, derandomize=True, deadline=None, database=None)
FIXED = {"batch": 2, "height": 6, "width": 8, "frames": 2, "colours": 3, "classes": 4}
HUGE = 2**62

# --- an example call, from the signature ----------------------------------------------------------


Sizes = Mapping[str, int]
USUAL: Sizes = MappingProxyType({})


def size_of(axis: Any, sizes: Sizes) -> int:
    """A length for every name, always the same; or the one that is asked for."""
    usual = FIXED.get(axis.name, 3 + zlib.crc32(axis.name.encode()) % 4)
    return sizes.get(axis.name, usual) if axis.size is None else axis.size


def tensor(rule: rules.Tensors, sizes: Sizes) -> Tensor:
    shape = [size_of(axis, sizes) for axis in rule.axes]
    torch.manual_seed(len(shape))
    if rule.kind == "True and False":
        return torch.ones(shape, dtype=torch.bool)
    return torch.randint(0, 2, shape) if rule.kind == "whole numbers" else torch.rand(shape)


def value_for(rule: Any, sizes: Sizes = USUAL) -> Any:
    """Anything that keeps a rule."""
    if isinstance(rule, rules.Tensors):
        return tensor(rule, sizes)
    if isinstance(rule, rules.Either):
        return value_for(rule.rules[0], sizes)
    if isinstance(rule, rules.Choice):
        return rule.words[0]
    if isinstance(rule, rules.Several):
        return several(rule, sizes)
    if isinstance(rule, rules.Fields):
        return rule.owner(**{name: value_for(inner, sizes) for name, inner in rule.rules})
    plain = {"a whole number": 2, "a number": 0.5, "a bool": True, "a str": "x"}
    return torch.Generator().manual_seed(0) if rule.words == "a Generator" else plain[rule.words]


def several(rule: rules.Several, sizes: Sizes) -> Any:
    if not rule.is_row:
        return tuple(value_for(inner, sizes) for inner in rule.each)
    values = [value_for(rule.each[0], sizes) for _ in range(2)]
    if issubclass(rule.container, Mapping):
        return dict(zip("ab", values, strict=True))
    return tuple(values) if rule.container is tuple else values


def example(function: Callable, given: Mapping[str, Any], sizes: Sizes = USUAL) -> dict[str, Any]:
    """Arguments that a function takes: those given, and others as its signature wants them."""
    arguments = dict(given)
    for name, parameter in inspect.signature(function).parameters.items():
        is_one = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if name in given or name == "self" or not is_one:
            continue
        rule = rules.rule_of(parameter.annotation)
        if parameter.default is parameter.empty or any(tensor_rules(rule)):
            arguments[name] = value_for(rule, sizes)
    return arguments


def axes_of(function: Callable) -> list[str]:
    """The names of all axes in a signature that may be of any size."""
    found = [rules.rule_of(p.annotation) for p in inspect.signature(function).parameters.values()]
    axes = [axis for rule in found for one in tensor_rules(rule) for axis in one.axes]
    return list(dict.fromkeys(axis.name for axis in axes if axis.name and axis.size is None))


def tensor_rules(rule: Any) -> Iterator[rules.Tensors]:
    """Every shape in a rule."""
    if isinstance(rule, rules.Tensors):
        yield rule
    elif isinstance(rule, rules.Fields):
        yield from (one for _, inner in rule.rules for one in tensor_rules(inner))
    else:
        inside = getattr(rule, "rules", ()) or getattr(rule, "each", ())
        yield from (one for inner in inside for one in tensor_rules(inner))


# --- one tensor of a call, replaced ---------------------------------------------------------------


def tensors_in(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where tensors are in nested arguments."""
    if isinstance(value, Tensor):
        yield path
    elif is_dataclass(value) or hasattr(value, "_asdict"):
        names = getattr(value, "_fields", None) or list(vars(value))
        for name in names:
            yield from tensors_in(getattr(value, name), (*path, name))
    elif isinstance(value, Mapping | list | tuple):
        for key, inner in value.items() if isinstance(value, Mapping) else enumerate(value):
            yield from tensors_in(inner, (*path, key))


def change(value: Any, path: tuple, by: Callable[[Any], Any]) -> Any:
    """The same arguments, but for one."""
    if not path:
        return by(value)
    key, *rest = path
    if is_dataclass(value):
        return replace(value, **{key: change(getattr(value, key), tuple(rest), by)})
    if hasattr(value, "_asdict"):
        return value._replace(**{key: change(getattr(value, key), tuple(rest), by)})
    items = dict(value) if isinstance(value, Mapping) else dict(enumerate(value))
    items[key] = change(items[key], tuple(rest), by)
    return items if isinstance(value, Mapping) else type(value)(items.values())


def strided(x: Tensor) -> Tensor:
    """Equal, with gaps in memory."""
    return torch.stack([x, torch.zeros_like(x)], dim=-1)[..., 0]


def offset(x: Tensor) -> Tensor:
    """Equal, somewhere inside other memory, last axis first."""
    inside = torch.cat([x.flatten()[:1], x.mT.flatten() if x.ndim > 1 else x])[1:]
    return inside.view(x.mT.shape).mT if x.ndim > 1 else inside


def with_gradient(x: Tensor) -> Tensor:
    return x.clone().requires_grad_() if x.is_floating_point() else x


ALIKE = {"strided": strided, "offset": offset, "requires grad": with_gradient}
DTYPES = (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool,
          torch.complex64)  # fmt: skip
SPOILT: dict[str, Callable[[Tensor], Any]] = {
    "an axis less": lambda x: x[0] if x.ndim else None,
    "an axis more": lambda x: x[None],
    "two axes more": lambda x: x[None, None],
    "longer at the end": lambda x: torch.cat([x, x[..., :1]], -1) if x.ndim else x,
    "longer at the front": lambda x: torch.cat([x, x[:1]]) if x.ndim else x,
    "shorter at the end": lambda x: x[..., :-1] if x.ndim else x,
    "none of the front": lambda x: x[:0] if x.ndim else x,
    "none of the end": lambda x: x[..., :0] if x.ndim else x,
    "elsewhere": lambda x: x.to("meta"),
    "a list": Tensor.tolist,
    "an array": lambda x: x.numpy(),
    "nothing": lambda _: None,
    "a word": lambda _: "words",
    "an object": lambda _: object(),
    **{str(dtype): lambda x, dtype=dtype: x.to(dtype) for dtype in DTYPES},
}
NOT_NUMBERS = {
    "all NaN": lambda x: torch.full_like(x, torch.nan) if x.is_floating_point() else x,
    "infinite": lambda x: torch.full_like(x, torch.inf) if x.is_floating_point() else x,
    "negative": lambda x: -x - 1 if x.dtype != torch.bool else ~x,
    "very large": lambda x: x * 10**9 + 10**9 if x.dtype != torch.bool else ~x,
}
ODD = (0, -1, 2.5, float("nan"), float("inf"), "words", None, (), (0, 0), (-1, 2), object())
NO_OBJECTS = (None, 7, "words", object())
SCALARS = int | float | str | tuple


def ways_to_spoil(function: Callable, arguments: dict[str, Any], *fixed: str) -> list[tuple]:
    """One argument of a call in another way than it should be: (where, how it is changed)."""
    free = {name: value for name, value in arguments.items() if name not in fixed}
    ways = [*SPOILT.values(), *NOT_NUMBERS.values()]
    of_tensors = [(path, way) for path in tensors_in(free) for way in ways]
    for name, parameter in inspect.signature(function).parameters.items():
        if isinstance(parameter.default, SCALARS) and name not in fixed:
            free.setdefault(name, parameter.default)
    return of_tensors + [
        ((name,), lambda _, odd=odd: odd)
        for name, value in free.items()
        if not list(tensors_in(value))
        for odd in (ODD if isinstance(value, SCALARS) else NO_OBJECTS)
    ]
