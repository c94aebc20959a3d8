"""Walk through a model and write down every shape on the way."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from torch import nn

from ..hooks import HookPoint, record
from .models import Config, model_and_input, run
from .recorder import Call, Recorder, Shape
from .table import LAYER, columns

COUNTS = ("parameters", "modules", "runs")


@dataclass(frozen=True)
class Step:
    """One step of a walk.

    Attributes:
        name: the module, as in the model; of several alike, the first.
        kind: its class.
        inputs: what came.
        outputs: what went.
        parameters: of all modules that are alike.
        modules: how many are alike.
        runs: how often they were run, together.
        names: of all of them.
    """

    name: str
    kind: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    parameters: int
    modules: int
    runs: int
    names: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the first output."""
        return self.outputs[0].sizes

    @property
    def axes(self) -> dict[str, int]:
        """Axis name -> size, of the first output."""
        return dict(zip(self.outputs[0].axes, self.shape, strict=True))


@dataclass(frozen=True, repr=False)
class Walk:
    """All steps, in the order in which the data passes them.

    Attributes:
        title: which model.
        parameters: of the whole model; shared ones count once.
        steps: from the raw input to the answer.
    """

    title: str
    parameters: int
    steps: tuple[Step, ...]

    def __getitem__(self, name: str) -> Step:
        steps = {step.name: step for step in self.steps}
        if name not in steps:
            raise KeyError(f"no step is called {name!r}. There are: {', '.join(steps)}.")
        return steps[name]

    def __repr__(self) -> str:
        header = ("step", "axes", "shape", *COUNTS)
        lines = [line for step in self.steps for line in _lines(step)]
        table = columns(header, lines, right=COUNTS)
        return f"{self.title}: {self.parameters:,} parameters\n\n{table}"


def walk(
    model: str | Config | nn.Module,
    raw: Any = None,
    *,
    points: Any = None,
    depth: int | None = 2,
    batch_size: int = 1,
) -> Walk:
    """Follow the data through a model and note every shape, with the names of its axes.

    A published name is walked at its published size on torch's meta device: no
    weights, no memory, no waiting. Axis names are those in the signatures.

    Args:
        model: a published name, a configuration, or a module.
        raw: what to feed a module; names and configurations bring their own.
        points: outputs to decode, as in `PerceiverIO.decode`. Default: all.
        depth: 1 for the parts of the model, 2 for what is inside them, and so on;
            None for every module, down to the last linear map.
        batch_size: samples.

    >>> walk("deepmind/vision-perceiver-fourier")["preprocessor"].axes
    {'batch': 1, 'inputs': 50176, 'channels': 261}
    """
    title, model, raw = model_and_input(model, raw, batch_size)
    with Recorder().attached(model) as recorder, _maps_written_down(model, depth):
        answer = run(model, raw, points)
    calls = [c for c in recorder.calls if depth is None or (c.has_signature and c.depth <= depth)]
    first = Step("raw", "", (), recorder.raw_shapes(raw), 0, 0, 0)
    last = Step("answer", "", (), recorder.shapes(answer), 0, 0, 0)
    parameters = sum(p.numel() for p in model.parameters())
    return Walk(title, parameters, (first, *_gathered(calls), last))


def _maps_written_down(model: nn.Module, depth: int | None):
    """Attention maps exist only if they are recorded, and are steps only if all modules are."""
    has_hook_points = any(isinstance(module, HookPoint) for module in model.modules())
    return record(model) if depth is None and has_hook_points else nullcontext()


def _gathered(calls: Sequence[Call]) -> list[Step]:
    """One step for all calls that differ in the number of a layer only."""
    groups: dict[tuple, list[Call]] = {}
    for call in calls:
        alike = (LAYER.sub("*", call.name), call.inputs, call.outputs)
        groups.setdefault(alike, []).append(call)
    counted: set[nn.Module] = set()
    return [_step(group, counted) for group in groups.values()]


def _step(group: Sequence[Call], counted: set[nn.Module]) -> Step:
    first, modules = group[0], {call.module for call in group}
    parameters = sum(p.numel() for m in modules - counted for p in m.parameters())
    counted |= modules
    return Step(
        first.name,
        type(first.module).__name__,
        first.inputs,
        first.outputs,
        parameters,
        len(modules),
        len(group),
        tuple(dict.fromkeys(call.name for call in group)),
    )


def _lines(step: Step) -> list[tuple[str, ...]]:
    lines = []
    for number, shape in enumerate(step.outputs):
        key = f" {shape.key}" if shape.key else ""
        name = step.name + key if number == 0 else " " * len(step.name) + key
        is_counted = number == 0 and step.runs
        counts = (
            f"{n:,}" if is_counted else "" for n in (step.parameters, step.modules, step.runs)
        )
        lines.append((name, " ".join(shape.axes), str(shape.sizes), *counts))
    return lines
