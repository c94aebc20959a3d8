"""One part on trial: how it is run, and how two answers are compared."""

import math
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .report import Problem

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Trial:
    """A part and something to feed it.

    Attributes:
        part: what is tried; always a copy of it is run.
        example: what it takes; the first axis of every tensor is the batch.
        run: how the part is called.
        random: it draws numbers by design.
        idle: names of parameters that get no gradient by design.
    """

    part: nn.Module
    example: Any
    run: Callable[[nn.Module, Any], Any]
    random: bool = False
    idle: tuple[str, ...] = ()

    def __post_init__(self):
        if not isinstance(self.part, nn.Module):
            raise TypeError(
                f"expected a module of torch, got {type(self.part).__name__}. "
                "Inherit from torch.nn.Module."
            )
        sizes = sorted({len(tensor) for tensor in tensors_in(self.example)})
        if len(sizes) != 1 or sizes[0] < 2 or apart(self.example, self.only(0)) == 0:
            raise ValueError(
                "expected an example of two samples or more that differ, got batches of "
                f"{sizes}, all samples alike. Take random numbers: torch.randn(2, ...)."
            )

    @property
    def batch_size(self) -> int:
        """Samples of the example."""
        return len(next(iter(tensors_in(self.example))))

    def only(self, place: int) -> Any:
        """The example with every sample replaced by the one at this place."""
        return in_each(lambda tensor: tensor[[place] * len(tensor)], self.example)

    def answer(
        self, example: Any = None, part: nn.Module | None = None, *, seed=0, learning=False
    ) -> Any:
        """Run a copy of the part, or a changed copy, on the example or on another one."""
        example = self.example if example is None else example
        with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(learning):
            torch.manual_seed(seed)
            answer = self.run(part or self.copy(), example)
        for some in tensors_in(answer):
            if not isinstance(some, Tensor):
                raise Problem(
                    f"expected a tensor or a dictionary of tensors, got a {type(some).__name__}. "
                    "Return nothing else."
                )
        return answer

    def copy(self) -> nn.Module:
        """The part again, in evaluation, to do with it what one likes."""
        return deepcopy(self.part).eval()


def in_each(change: Callable[[Tensor], Tensor], data: Any) -> Any:
    """The same data, with every tensor in it changed."""
    if isinstance(data, Mapping):
        return {name: in_each(change, some) for name, some in data.items()}
    return change(data)


def tensors_in(data: Any) -> Iterable[Tensor]:
    """All tensors of an input or an answer."""
    if isinstance(data, Mapping):
        for some in data.values():
            yield from tensors_in(some)
    else:
        yield data


def cast(data: Any, dtype: torch.dtype) -> Any:
    """Measured values in another kind of number; ids stay what they are."""
    return in_each(lambda t: t.to(dtype) if t.is_floating_point() else t, data)


def shapes(data: Any) -> Any:
    """Sizes of a tensor, or of each tensor in a dictionary."""
    if isinstance(data, Mapping):
        return {name: shapes(some) for name, some in data.items()}
    return tuple(data.shape)


def apart(some: Any, others: Any) -> float:
    """Largest difference of two answers over their largest value; infinite if shapes differ."""
    if shapes(some) != shapes(others):
        return float("inf")
    pairs = zip(tensors_in(some), tensors_in(others), strict=True)
    return max(_apart(a.detach().double(), b.detach().double()) for a, b in pairs)


def _apart(one: Tensor, other: Tensor) -> float:
    if not one.numel():
        return 0.0
    scale = max(float(one.abs().max()), float(other.abs().max())) or 1.0
    difference = float((one - other).abs().max()) / scale
    return float("inf") if math.isnan(difference) else difference
