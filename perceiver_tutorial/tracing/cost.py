"""What a forward pass costs: floating point operations and bytes, step by step."""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from .models import Config, model_and_input, run
from .table import columns
from .walk import Step, walk

COUNTS = ("parameters", "MFLOP", "peak MiB", "map MiB")


@dataclass
class StepCost:
    """What one step takes, all its runs together.

    Attributes:
        name: the module.
        parameters: numbers that are learned.
        flops: floating point operations; a multiplication and an addition are two.
        peak_bytes: most that was alive at once while it ran, parameters left out.
        map_bytes: its largest attention map, if it were written down. It is not,
            unless a hook point records it.
    """

    name: str
    parameters: int
    flops: int = 0
    peak_bytes: int = 0
    map_bytes: int = 0

    @property
    def gflop(self) -> float:
        """Operations in thousand millions, to four digits behind the point."""
        return round(self.flops / 1e9, 4)


@dataclass(frozen=True, repr=False)
class Cost:
    """What a forward pass takes.

    Attributes:
        title: which model.
        total: of the whole model.
        steps: of its parts, in the order in which the data passes them.
    """

    title: str
    total: StepCost
    steps: tuple[StepCost, ...]

    def __getitem__(self, name: str) -> StepCost:
        steps = {step.name: step for step in self.steps}
        if name not in steps:
            raise KeyError(f"no step is called {name!r}. There are: {', '.join(steps)}.")
        return steps[name]

    def __repr__(self) -> str:
        lines = [_line(step) for step in (*self.steps, self.total)]
        return f"{self.title}\n\n{columns(('step', *COUNTS), lines, right=COUNTS)}"


def cost(
    model: str | Config | nn.Module,
    raw: Any = None,
    *,
    points: Any = None,
    depth: int = 2,
    batch_size: int = 1,
) -> Cost:
    """Count operations and bytes of one forward pass without gradients, 32-bit floats.

    Nothing is computed: like `walk`, names and configurations are built on the
    meta device. Operations are torch's own counts (matrix products and
    convolutions; everything else is small).

    Args:
        model: a published name, a configuration, or a module.
        raw: what to feed a module.
        points: outputs to decode. Default: all.
        depth: as in `walk`.
        batch_size: samples.

    >>> cost("deepmind/vision-perceiver-fourier").total.flops
    406124744704
    """
    title, model, raw = model_and_input(model, raw, batch_size)
    steps = walk(model, raw, points=points, depth=depth).steps[1:-1]
    total = StepCost("total", sum(p.numel() for p in model.parameters()))
    costs = _to_charge(steps)
    with _Meter(model, total).charging(costs) as meter, _FusedAttention(meter), meter:
        run(model, raw, points)
    return Cost(title, total, tuple({id(step): step for step in costs.values()}.values()))


def _to_charge(steps: Sequence[Step]) -> dict[str, StepCost]:
    """Module -> where its cost is noted; a module that came by twice has one place."""
    costs: dict[str, StepCost] = {}
    for step in steps:
        place = next((costs[n] for n in step.names if n in costs), StepCost(step.name, 0))
        place.parameters += step.parameters
        costs |= dict.fromkeys(step.names, place)
    return costs


def _line(step: StepCost) -> tuple[str, ...]:
    mib = (f"{n / 2**20:,.1f}" if n else "" for n in (step.peak_bytes, step.map_bytes))
    return (step.name, f"{step.parameters:,}", f"{step.flops / 1e6:,.1f}", *mib)


@dataclass
class _Meter(TorchDispatchMode):
    """Sees every operation of torch: counts its operations and what it keeps alive."""

    model: nn.Module
    total: StepCost
    is_paused: bool = False
    _running: list[StepCost] = field(default_factory=list)
    _sizes: dict[int, int] = field(default_factory=dict)
    _alive: int = 0

    def __post_init__(self):
        super().__init__()
        self._running.append(self.total)
        for tensor in (*self.model.parameters(), *self.model.buffers()):
            self._sizes[tensor.untyped_storage()._cdata] = 0

    @contextmanager
    def charging(self, costs: dict[str, StepCost]) -> Iterator["_Meter"]:
        """Charge each step while one of its modules runs."""
        handles = []
        for name, module in self.model.named_modules():
            if step := costs.get(name):
                start = partial(self._start, step)
                handles.append(module.register_forward_pre_hook(start))
                handles.append(module.register_forward_hook(self._finish))
        try:
            yield self
        finally:
            for handle in handles:
                handle.remove()

    def keep(self, answer: Any) -> None:
        """Count the memory of new tensors until they are gone."""
        for tensor in tree_leaves(answer):
            if isinstance(tensor, Tensor):
                self._keep(tensor.untyped_storage())
        for step in self._running:
            step.peak_bytes = max(step.peak_bytes, self._alive)

    def note_map(self, map_bytes: int) -> None:
        """Remember the largest attention map of every step that runs."""
        for step in self._running:
            step.map_bytes = max(step.map_bytes, map_bytes)

    def __torch_dispatch__(self, func: Callable, _types, args=(), kwargs=None) -> Any:
        answer = func(*args, **(kwargs or {}))
        if (formula := flop_registry.get(func._overloadpacket)) is not None:
            flops = formula(*args, **(kwargs or {}), out_val=answer)
            for step in self._running:
                step.flops += flops
        if not self.is_paused:
            self.keep(answer)
        return answer

    def _start(self, step: StepCost, *_: Any) -> None:
        self._running.append(step)

    def _finish(self, *_: Any) -> None:
        self._running.pop()

    def _keep(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata not in self._sizes:
            self._sizes[storage._cdata] = storage.nbytes()
            self._alive += storage.nbytes()
            weakref.finalize(storage, self._release, storage._cdata)

    def _release(self, key: int) -> None:
        self._alive -= self._sizes.pop(key)


class _FusedAttention(TorchFunctionMode):
    """On the meta device attention is done step by step; count memory as if in one."""

    def __init__(self, meter: _Meter):
        super().__init__()
        self.meter = meter

    def __torch_function__(self, func: Callable, _types, args=(), kwargs=None) -> Any:
        if func is not scaled_dot_product_attention:
            return func(*args, **(kwargs or {}))
        queries, keys, *_ = args
        self.meter.is_paused = True
        # torch's counter does not know the fused kernel of every device.
        with sdpa_kernel(SDPBackend.MATH):
            answer = func(*args, **(kwargs or {}))
        self.meter.is_paused = False
        self.meter.keep(answer)
        map_cells = queries.shape[:-1].numel() * keys.shape[-2]
        self.meter.note_map(map_cells * queries.element_size())
        return answer
