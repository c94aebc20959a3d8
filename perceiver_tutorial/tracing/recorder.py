"""Follow a forward pass through every module, and note what comes and goes, by name.

On the meta device a module that meets the same shapes again is not run again, nor is
another one that is made alike: it can only give the same shapes. Blocks come in dozens,
and those that share their weights are met many times.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from typing import Any

from torch import Tensor, nn

from ..hooks import HookPoint
from .alike import kinds_of
from .axes import Names, arguments, names_for, signature_axes, tensors_in

METHODS = ("forward", "assemble")
PICTURE_AXES = ("frames", "channels", "rows", "columns")


@dataclass(frozen=True)
class Shape:
    """The sizes of one tensor and the names of its axes, where they are known.

    Attributes:
        sizes: length of each axis.
        axes: name of each axis; empty where no signature tells.
        key: its name in a dictionary of several, else empty.
    """

    sizes: tuple[int, ...]
    axes: Names = ()
    key: str = ""


@dataclass(frozen=True)
class Call:
    """One module, run once.

    Attributes:
        name: as `named_modules` has it.
        module: what was run.
        depth: how many modules with shapes in their signatures stand around it,
            itself included and the whole model left out.
        has_signature: whether its own signature says the shapes.
        inputs: what came.
        outputs: what went.
    """

    name: str
    module: nn.Module
    depth: int
    has_signature: bool
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]


@dataclass(frozen=True)
class Frame:
    """A module with a signature, while it runs: what its names stand for, what it returns."""

    name: str
    bound: dict[str, int]
    returns: Names


@dataclass
class Recorder:
    """Notes every call. A tensor bears the axis names of the last signature that it met.

    Attributes:
        calls: in the order in which they ended: data flows from top to bottom.
    """

    calls: list[Call] = field(default_factory=list)
    _first_names: dict[int, Names] = field(default_factory=dict)
    _names: dict[int, Names] = field(default_factory=dict)
    _alive: list[Tensor] = field(default_factory=list)
    _frames: list[Frame] = field(default_factory=list)
    _runs: dict[tuple, tuple[str, list[Call], Any]] = field(default_factory=dict)
    _modules: dict[str, nn.Module] = field(default_factory=dict)
    _kinds: dict[nn.Module, int] = field(default_factory=dict)

    @contextmanager
    def attached(self, model: nn.Module) -> Iterator["Recorder"]:
        """Record while the block runs."""
        self._modules, self._kinds = dict(model.named_modules()), kinds_of(model)
        methods = [
            (name, module, method)
            for name, module in self._modules.items()
            for method in METHODS
            if hasattr(module, method) and not isinstance(module, nn.ModuleList | nn.ModuleDict)
        ]
        for name, module, method in methods:
            recorded = partial(self._run, name, module, getattr(module, method))
            setattr(module, method, wraps(getattr(module, method))(recorded))
        try:
            yield self
        finally:
            for _, module, method in methods:
                delattr(module, method)

    def raw_shapes(self, raw: Any) -> tuple[Shape, ...]:
        """The shapes of the model's input, in the words of the first signature that it met."""
        return tuple(
            Shape(tuple(t.shape), self._first_names.get(id(t), ()), key)
            for key, t in tensors_in(raw)
        )

    def shapes(self, value: Any, axes: Names = ()) -> tuple[Shape, ...]:
        """The shapes in an argument or an answer, with the names given or known by now."""
        return tuple(
            Shape(tuple(t.shape), names_for(axes, t.shape) or self._names.get(id(t), ()), key)
            for key, t in tensors_in(value)
        )

    def _run(self, name: str, module: nn.Module, method: Callable, *args: Any, **kwargs: Any):
        given = arguments(method, args, kwargs)
        if not all(map(_is_shapes_only, given.values())):
            return self._run_once(name, module, method, given, *args, **kwargs)
        kind = self._kinds[module] if signature_axes(method.__func__) else module
        alike = (kind, method.__name__, self._depth, *map(self.shapes, given.values()))
        if alike in self._runs:
            self.calls += self._moved(*self._runs[alike][:2], name)
        else:
            before = len(self.calls)
            answer = self._run_once(name, module, method, given, *args, **kwargs)
            self._runs[alike] = name, self.calls[before:], answer
        return self._runs[alike][-1]

    @property
    def _depth(self) -> int:
        return sum(bool(frame.name) for frame in self._frames)

    def _moved(self, name: str, calls: list[Call], to: str) -> Iterator[Call]:
        """The calls inside one module as those inside another that is made alike."""
        for call in calls:
            inside = call.name.removeprefix(f"{name}.") != call.name or call.name == name
            there = to + call.name.removeprefix(name) if inside else call.name
            yield replace(call, name=there, module=self._modules[there])

    def _run_once(
        self,
        name: str,
        module: nn.Module,
        method: Callable,
        given: dict[str, Any],
        *args: Any,
        **kwargs: Any,
    ):
        axes = signature_axes(method.__func__)
        depth = self._depth + bool(axes)
        if axes:
            self._frames.append(self._frame(name, given, axes))
        answer = method(*args, **kwargs)
        if axes:
            self._frames.pop()
        self._remember(answer, axes.get("return", ()) or self._derived(module, given))
        if name and method.__name__ == "forward":
            inputs = (s for key, v in given.items() for s in self.shapes(v, axes.get(key, ())))
            outputs = self.shapes(answer, axes.get("return", ()))
            self.calls.append(Call(name, module, depth, bool(axes), tuple(inputs), outputs))
        return answer

    def _frame(self, name: str, given: dict[str, Any], axes: dict[str, Names]) -> Frame:
        """Let the signature name what came, unless it names one tensor twice."""
        tensors = [(key, t) for key, value in given.items() for _, t in tensors_in(value)]
        times = Counter(id(tensor) for _, tensor in tensors)
        bound: dict[str, int] = {}
        for key, tensor in tensors:
            names = names_for(axes.get(key, ()), tensor.shape)
            bound |= dict(zip(names, tensor.shape, strict=False))
            if times[id(tensor)] == 1:
                self._remember(tensor, axes.get(key, ()))
        return Frame(name, bound, axes.get("return", ()))

    def _remember(self, value: Any, axes: Names) -> None:
        for _, tensor in tensors_in(value):
            if axes:
                self._names[id(tensor)] = names_for(axes, tensor.shape)
                self._first_names.setdefault(id(tensor), self._names[id(tensor)])
                self._alive.append(tensor)

    def _derived(self, module: nn.Module, given: dict[str, Any]) -> Names:
        """Axis names behind a module of torch, whose signature says no shapes."""
        first = next((t for value in given.values() for _, t in tensors_in(value)), None)
        names = () if first is None else self._names.get(id(first), ()) or self._as_returned(first)
        match module:
            case HookPoint():
                return tuple(module.axes.split())
            case nn.Conv2d() | nn.BatchNorm2d():
                return PICTURE_AXES
            case nn.LayerNorm() | nn.GELU() | nn.Identity():
                return names
            case nn.Linear():
                return names and (*names[:-1], "channels")
            case nn.Embedding():
                return names and (*names, "channels")
        return ()

    def _as_returned(self, tensor: Tensor) -> Names:
        """Names for a tensor made on the way, if it looks just like what will be returned."""
        if not self._frames:
            return ()
        frame = self._frames[-1]
        looks_alike = tuple(frame.bound.get(axis) for axis in frame.returns) == tuple(tensor.shape)
        return frame.returns if looks_alike else ()


def _is_shapes_only(value: Any) -> bool:
    """Nothing, or tensors on the meta device, which hold no numbers."""
    values = value.values() if isinstance(value, dict) else [value]
    return all(one is None or (isinstance(one, Tensor) and one.is_meta) for one in values)
