"""Ways to spoil one tensor of a call."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass, replace
from typing import Any

import torch
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir
from torch import Tensor

set_hypothesis_home_dir(tempfile.gettempdir())  # it keeps notes, and the tree is no place for them
FEW = settings(max_examples=10, derandomize=True, deadline=None, database=None)


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
