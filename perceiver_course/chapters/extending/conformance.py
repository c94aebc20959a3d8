"""Does a new part fit? What preprocessors, query providers and postprocessors keep to."""

import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import jaxtyping
import torch
from jaxtyping import Float
from torch import Tensor, nn

from perceiver_tutorial.perceiver.chunks import join_answers
from perceiver_tutorial.perceiver.parts import Points

from . import conformance


class Problem(AssertionError):
    """A part lacks a property; the text says what was expected, what came, and what to do."""


@dataclass(frozen=True)
class Finding:
    """One property of one part, tried.

    Attributes:
        name: of the property.
        holds: whether it does.
        words: what was seen, or what is wrong and what to do about it.
    """

    name: str
    holds: bool
    words: str


@dataclass(frozen=True, repr=False)
class Report:
    """All properties of one part.

    Attributes:
        title: which part, and as what it was tried.
        findings: one for each property.
    """

    title: str
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> dict[str, str]:
        """Property -> what is wrong with it; empty if the part fits."""
        return {finding.name: finding.words for finding in self.findings if not finding.holds}

    def __repr__(self) -> str:
        total = len(self.findings)
        held = total - len(self.problems)
        width = max(len(finding.name) for finding in self.findings) + 9
        lines = [
            textwrap.fill(
                f"{'right' if f.holds else 'WRONG'}  {f.name}".ljust(width) + f.words,
                width=92,
                subsequent_indent=" " * width,
            )
            for f in self.findings
        ]
        return "\n".join([f"{self.title}: {held} of {total} properties hold", "", *lines])


def report_on(title: str, properties: Mapping[str, Callable[[], str]]) -> Report:
    """Try every property, also after one has failed.

    Args:
        title: which part, and as what it is tried.
        properties: name -> a function that says what it saw, or raises.
    """
    return Report(title, tuple(_tried(name, look) for name, look in properties.items()))


def _tried(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except Problem as problem:
        return Finding(name, False, str(problem))
    except Exception as error:
        return Finding(name, False, f"expected an answer, got {in_short(error)}.")


def in_short(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first.strip().rstrip('.')}"


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


KINDS = (torch.bfloat16, torch.float32, torch.float64)


def numbers(trial: Trial) -> str:
    """Every kind of float that goes in, with weights of the same kind, comes out, and is finite."""
    for kind in KINDS:
        answer = trial.answer(cast(trial.example, kind), trial.copy().to(kind))
        for tensor in tensors_in(answer):
            if tensor.dtype != kind:
                raise Problem(
                    f"expected {_short(kind)} out of a part in {_short(kind)}, got "
                    f"{_short(tensor.dtype)}. Make new tensors with x.new_zeros(...), or .to(x)."
                )
            if not tensor.isfinite().all():
                raise Problem(
                    f"expected finite numbers, got {_short(kind)} numbers that are not. "
                    "Look for a division by zero, a log or root of it, or a large exponent."
                )
    return f"{', '.join(map(_short, KINDS))}: what goes in comes out"


def device(trial: Trial) -> str:
    """The part works where its input is, and without numbers, as walks and costs need it."""
    meta = torch.device("meta")
    advice = (
        "Make new tensors with device=x.device, register tables as buffers, and "
        "let no number decide the way (.item(), if x > 0)."
    )
    try:
        answer = trial.answer(in_each(lambda t: t.to(meta), trial.example), trial.copy().to(meta))
    except Exception as error:
        kind = type(error).__name__
        raise Problem(f"expected shapes on the device meta, got a {kind}. {advice}") from error
    if got := {tensor.device.type for tensor in tensors_in(answer)} - {"meta"}:
        raise Problem(f"expected an answer on meta, got {', '.join(sorted(got))}. {advice}")
    return "the answer stays where the input is (tried: meta)"


def samples(trial: Trial) -> str:
    """A sample's answer is the same whatever else is in the batch."""
    whole = trial.answer()
    if got := sorted({len(t) for t in tensors_in(whole)} - {trial.batch_size}):
        raise Problem(
            f"expected {trial.batch_size} answers to {trial.batch_size} samples, got {got[0]}. "
            "Keep the batch as the first axis."
        )
    for place, name in ((0, "first"), (-1, "last")):
        beside = {"beside others": trial.only(place)}
        if not trial.random:
            beside["alone"] = in_each(lambda t, place=place: t[[place]], trial.example)
        for where, example in beside.items():
            difference = apart(_sample(trial.answer(example), place), _sample(whole, place))
            if difference > TOLERANCE:
                raise Problem(
                    f"expected the {name} sample to be answered the same {where}, got answers "
                    f"{difference:.1g} apart. Take no mean, norm or reshape across the batch."
                )
    return f"{trial.batch_size} samples, each answered as if alone"


def repeats(trial: Trial) -> str:
    """The same input gives the same answer, and running a part does not change it."""
    part, seeds = trial.copy(), (0, 0) if trial.random else (0, 1)
    before = {name: value.clone() for name, value in part.state_dict().items()}
    difference = apart(*(trial.answer(part=part, seed=seed) for seed in seeds))
    if difference:
        raise Problem(
            f"expected the same answer twice, got answers {difference:.1g} apart. Draw nothing "
            "in evaluation and remember nothing; if chance is meant, say random=True."
        )
    changed = [n for n, value in part.state_dict().items() if not value.equal(before[n])]
    if changed:
        raise Problem(
            f"expected a part that stays as it was, got another {', '.join(changed)}. "
            "Change nothing of the part in forward."
        )
    again = "the same again from the same seed" if trial.random else "twice the same"
    return f"{again}, and nothing in the part has changed"


def gradient(trial: Trial) -> str:
    """Every parameter learns, but those that are idle by design; and only those are idle."""
    part = trial.copy()
    parameters = {name: p for name, p in part.named_parameters() if p.requires_grad}
    if not parameters:
        return "there is nothing to learn"
    _learn(trial.answer(part=part, learning=True))
    reached = {name for name, p in parameters.items() if p.grad is not None and p.grad.any()}
    wild = [name for name in reached if not parameters[name].grad.isfinite().all()]
    if wild:
        raise Problem(
            f"expected finite gradients, got others for {', '.join(sorted(wild))}. "
            "Look for a division by zero, or a root at zero."
        )
    idle = {n for n in parameters if any(fnmatchcase(n, pattern) for pattern in trial.idle)}
    if missed := sorted(set(parameters) - reached - idle):
        raise Problem(
            f"expected a gradient for every parameter, got none for {', '.join(missed)}. Use them "
            "in forward, detach nothing, or name those that are idle by design: idle=(...)."
        )
    if busy := sorted(reached & idle):
        raise Problem(
            f"expected no gradient for what is idle, got one for {', '.join(busy)}. "
            "Take them out of idle=(...)."
        )
    return f"reaches all of {len(reached)} parameter tensors" + (
        f", {len(idle)} idle by design" if idle else ""
    )


def passes(trial: Trial) -> str:
    """Gradient comes out where the example came in: all before the part learns through it."""
    example = in_each(lambda t: t.clone().requires_grad_(), trial.example)
    _learn(trial.answer(example, learning=True))
    for rows in tensors_in(example):
        if rows.grad is None or not rows.grad.flatten(2).any(-1).all():
            raise Problem(
                "expected a gradient for every row that came in, got none for some. "
                "Use all rows, and detach nothing: the whole model learns through this part."
            )
    return "reaches every row that came in"


def _learn(answer: Any) -> None:
    """Send gradient back from every number of an answer, from each another one."""
    generator = torch.Generator().manual_seed(0)
    for tensor in tensors_in(answer):
        if tensor.requires_grad:
            tensor.backward(torch.randn(tensor.shape, generator=generator), retain_graph=True)


def _sample(answer: Any, place: int) -> Any:
    return in_each(lambda t: t[[place]], answer)


def _short(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")


def refusals(trial: Trial, bad: Mapping[str, Any]) -> str:
    """Bad input is refused by an error that says what was expected and what came.

    Args:
        trial: its example is what bad input is made from.
        bad: further bad input: what is wrong with it -> the input.
    """
    inputs = {**bad_versions(trial.example), **bad}
    with _without_shape_checks():
        for what, example in inputs.items():
            _check_refused(trial, what, example)
    return f"{len(inputs)} bad inputs, each refused in words"


@contextmanager
def _without_shape_checks() -> Iterator[None]:
    """As users run it: the shapes in signatures are checked in tests only."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", before)


def bad_versions(example: Any) -> dict[str, Any]:
    """What people bring by mistake: what is wrong with it -> the input.

    Args:
        example: good input, a tensor or a dictionary of tensors.

    >>> import torch
    >>> list(bad_versions(torch.zeros(2, 3)))
    ['no batch axis', 'one axis too many', 'an empty batch', 'a list', 'int64 numbers']
    """
    if isinstance(example, Mapping):
        return _bad_dictionaries(example)
    other = example.long() if example.is_floating_point() else example.float()
    return {
        "no batch axis": example[0],
        "one axis too many": example[None],
        "an empty batch": example[:0],
        "a list": example.tolist(),
        f"{str(other.dtype).removeprefix('torch.')} numbers": other,
    }


def _bad_dictionaries(example: Mapping[str, Any]) -> dict[str, Any]:
    """Every entry bad in every way, one missing, one of another batch size, no dictionary."""
    bad: dict[str, Any] = {"a list": list(example.values())}
    for name, some in example.items():
        bad |= {f"{name}: {what}": {**example, name: v} for what, v in bad_versions(some).items()}
        bad[f"no {name}"] = {other: v for other, v in example.items() if other != name}
        if len(example) > 1:
            bad[f"{name}: fewer samples"] = {**example, name: some[:1]}
    return bad


def _check_refused(trial: Trial, what: str, example: Any) -> None:
    wanted = 'a ValueError or TypeError that says "expected" and "got"'
    advice = "Check what comes in before anything else; doors.Door.check does so."
    try:
        answer = trial.answer(example)
    except (TypeError, ValueError) as error:
        words = str(error)
        if "xpected" in words and "got" in words:
            return
        got = f"one without these words, {in_short(error)}"
    except Exception as error:
        got = in_short(error)
    else:
        got = f"an answer of shape {shapes(answer)}"
    raise Problem(f"expected {wanted} for {what}, got {got}. {advice}")


def check_preprocessor(
    part: nn.Module,
    raw: Any,
    *,
    random: bool = False,
    idle: tuple[str, ...] = (),
    bad: Mapping[str, Any] | None = None,
) -> Report:
    """Try a preprocessor on raw data.

    Args:
        part: a `parts.Preprocessor`; a copy is tried, in evaluation.
        raw: what it takes: a tensor, or a dictionary of tensors; two samples or more.
        random: it draws numbers in evaluation too, as masking does.
        idle: parameters that get no gradient by design; "mask_tokens.*" names several.
        bad: further input that must be refused: what is wrong with it -> the input.

    Returns:
        One line for each property; `problems` is empty if the part fits.

    Raises:
        TypeError: if the part is no module.
        ValueError: if the example is too small or too even to show anything.
    """
    trial = Trial(part, raw, lambda p, x: p(x), random, idle)
    looks = {"shape": partial(_rows, trial), **_common(trial)}
    looks["refusals"] = partial(refusals, trial, bad or {})
    return report_on(f"{type(part).__name__} as a preprocessor", looks)


def check_queries(
    part: nn.Module,
    input_array: Float[Tensor, "batch inputs channels"],
    *,
    idle: tuple[str, ...] = (),
) -> Report:
    """Try a query provider on an input array; see `check_preprocessor`.

    Args:
        part: a `parts.Queries`; a copy is tried, in evaluation.
        input_array: what a preprocessor gives it; two samples or more.
        idle: parameters that get no gradient by design.
    """
    trial = Trial(part, input_array, lambda p, x: p(x), idle=idle)
    looks = {"shape": partial(_rows, trial), "points": partial(_points, trial), **_common(trial)}
    return report_on(f"{type(part).__name__} as queries", looks)


def check_postprocessor(
    part: nn.Module, output_array: Any, *, idle: tuple[str, ...] = ()
) -> Report:
    """Try a postprocessor on an output array; see `check_preprocessor`.

    Args:
        part: a `parts.Postprocessor`; a copy is tried, in evaluation.
        output_array: [batch, outputs, channels], or a dictionary of such; two
            samples or more.
        idle: parameters that get no gradient by design.
    """
    trial = Trial(part, output_array, lambda p, x: p.assemble(p(x)), idle=idle)
    looks = {"shape": lambda: str(shapes(trial.answer())), "pieces": partial(_pieces, trial)}
    looks |= {**_common(trial), "passes": partial(conformance.passes, trial)}
    return report_on(f"{type(part).__name__} as a postprocessor", looks)


def _common(trial: Trial) -> dict[str, Callable[[], str]]:
    names = ("numbers", "device", "samples", "repeats", "gradient")
    return {name: partial(getattr(conformance, name), trial) for name in names}


def _rows(trial: Trial) -> str:
    """One row for each input or query, `num_channels` wide; so for each modality of several."""
    answer = trial.answer()
    width = getattr(trial.part, "num_channels", None)
    for rows in tensors_in(answer):
        if rows.ndim != 3 or rows.shape[::2] != (trial.batch_size, width):
            wanted = f"({trial.batch_size}, any, {width})"
            raise Problem(
                f"expected rows [batch, rows, num_channels] = {wanted}, got {tuple(rows.shape)}. "
                "Flatten all axes between batch and channels into one, and let num_channels be "
                "the width of a row."
            )
    return str(shapes(answer))


def _points(trial: Trial) -> str:
    """All points are 0, 1, 2 ...; some points are answered by those rows of the whole."""
    part, whole = trial.copy(), trial.answer()
    known = part.all_points(trial.example)
    for name, points, rows in _by_modality(known, whole):
        if points.tolist() != list(range(rows.shape[1])):
            raise Problem(
                f"expected from all_points{name} as many numbers as there are rows, 0, 1, 2 ..., "
                f"{rows.shape[1]} of them, got {points.tolist()[:8]}. Give "
                "torch.arange(rows, device=input_array.device)."
            )
    some = in_each(lambda points: points.flip(0)[::2], known)
    with torch.no_grad():
        got, wanted = part(trial.example, some), _taken(whole, some)
    if apart(got, wanted) > TOLERANCE:
        raise Problem(
            f"expected rows {shapes(wanted)} for some points, in their order, got other rows, "
            f"{shapes(got)}. Pick them: rows[:, points]."
        )
    return f"{sum(len(p) for p in tensors_in(known))} points, and some of them alone"


def _pieces(trial: Trial) -> str:
    """Rows are answered piece by piece as they are together: long outputs come in pieces."""
    part, halves = trial.copy(), list(_halves(trial.example))
    with torch.no_grad():
        whole, joined = part(trial.example), join_answers([part(half) for half in halves])
    if (difference := apart(joined, whole)) > TOLERANCE:
        raise Problem(
            f"expected rows to be answered one by one, got answers {difference:.1g} apart when "
            "they come in two pieces. Let forward look at each row alone, and do in assemble "
            "what needs all of them."
        )
    return f"in {len(halves)} pieces as at once" if len(halves) > 1 else "one row: nothing to cut"


def _halves(rows: Any) -> Iterator[Any]:
    """The rows in two pieces, and each modality on its own, as `PerceiverIO.decode` cuts them."""
    if isinstance(rows, Mapping):
        for name, some in rows.items():
            yield from ({name: half} for half in _halves(some))
    else:
        yield from rows.split(-(-rows.shape[1] // 2), dim=1)


def _by_modality(known: Points, whole: Any) -> list[tuple[str, Tensor, Tensor]]:
    if isinstance(known, dict):
        return [(f"[{name!r}]", known[name], whole[name]) for name in known]
    return [("", known, whole)]


def _taken(whole: Any, points: Points) -> Any:
    if isinstance(points, dict):
        return {name: whole[name][:, points[name]] for name in points}
    return whole[:, points]
