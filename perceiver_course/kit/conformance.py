"""Does a new part fit? What preprocessors, query providers and postprocessors keep to.

A property is a function that asserts it, and says what it saw. A failed assertion says what was
expected, what came, and what to do.
"""

import math
import textwrap
from collections.abc import Callable, Iterator, Mapping
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

from perceiver_tutorial.perceiver.entrances import join_answers

TOLERANCE = 1e-4
META = torch.device("meta")
REFUSED = 'a ValueError or TypeError that says "expected" and "got"'


@dataclass(frozen=True, repr=False)
class Report:
    """All properties of one part.

    Attributes:
        title: which part, and as what it was tried.
        words: property -> what was seen, or what is wrong with it and what to do.
        problems: those of the words that say what is wrong; empty if the part fits.
    """

    title: str
    words: dict[str, str]
    problems: dict[str, str]

    def __repr__(self) -> str:
        width = max(map(len, self.words)) + 9
        lines = [f"{self.title}: {len(self.words) - len(self.problems)} of {len(self.words)} "
                 "properties hold", ""]  # fmt: skip
        for name, words in self.words.items():
            start = f"{'WRONG' if name in self.problems else 'right'}  {name}".ljust(width)
            lines.append(textwrap.fill(start + words, width=92, subsequent_indent=" " * width))
        return "\n".join(lines)


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

    Raises:
        TypeError: if the part is no module.
        ValueError: if the example is too small or too even to show anything.
    """
    trial = Trial(part, raw, lambda p, x: p(x), random, idle)
    return trial.report("a preprocessor", shape=rows, **COMMON, refusals=partial(refusals, bad=bad))


def check_queries(
    part: nn.Module,
    input_array: Float[Tensor, "batch inputs channels"],
    *,
    idle: tuple[str, ...] = (),
) -> Report:
    """Try a query provider, a `parts.Queries`, on an input array; see `check_preprocessor`."""
    trial = Trial(part, input_array, lambda p, x: p(x), idle=idle)
    return trial.report("queries", shape=rows, points=points, **COMMON)


def check_postprocessor(
    part: nn.Module, output_array: Any, *, idle: tuple[str, ...] = ()
) -> Report:
    """Try a postprocessor on an output array, or one for each name; see `check_preprocessor`."""
    trial = Trial(part, output_array, lambda p, x: p.assemble(p(x)), idle=idle)
    shape = lambda trial: str(shapes(trial.answer()))  # noqa: E731
    return trial.report("a postprocessor", shape=shape, pieces=pieces, **COMMON, passes=passes)


@dataclass(frozen=True)
class Trial:
    """A part, something to feed it, and how it is called; always a copy of the part is run."""

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
        sizes = sorted({len(tensor) for tensor in leaves(self.example)})
        if len(sizes) != 1 or sizes[0] < 2 or apart(self.example, self.only(0)) == 0:
            raise ValueError(
                "expected an example of two samples or more that differ, got batches of "
                f"{sizes}, all samples alike. Take random numbers: torch.randn(2, ...)."
            )

    def report(self, role: str, **properties: Callable[["Trial"], str]) -> Report:
        """Try every property, also after one has failed."""
        words, problems = {}, {}
        for name, look in properties.items():
            try:
                words[name] = look(self)
            except AssertionError as problem:
                words[name] = problems[name] = str(problem)
            except Exception as error:
                words[name] = problems[name] = f"expected an answer, got {in_short(error)}."
        return Report(f"{type(self.part).__name__} as {role}", words, problems)

    def only(self, place: int) -> Any:
        """The example with every sample replaced by the one at this place."""
        return in_each(lambda tensor: tensor[[place] * len(tensor)], self.example)

    def answer(self, example: Any = None, part: nn.Module | None = None, *, seed=0) -> Any:
        """Run a copy of the part, or a changed copy, on the example or on another one."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            answer = self.run(part or self.copy(), self.example if example is None else example)
        for some in leaves(answer):
            assert isinstance(some, Tensor), (
                f"expected a tensor or a dictionary of tensors, got a {type(some).__name__}. "
                "Return nothing else."
            )
        return answer

    def copy(self) -> nn.Module:
        return deepcopy(self.part).eval()


def rows(trial: Trial) -> str:
    """One row for each input or query, `num_channels` wide; so for each modality of several."""
    answer, width = trial.answer(), getattr(trial.part, "num_channels", None)
    batch = len(leaves(trial.example)[0])
    for some in leaves(answer):
        assert some.ndim == 3 and some.shape[::2] == (batch, width), (
            f"expected rows [batch, rows, num_channels] = ({batch}, any, {width}), got "
            f"{tuple(some.shape)}. Flatten all axes between batch and channels into one, and let "
            "num_channels be the width of a row."
        )
    return str(shapes(answer))


def numbers(trial: Trial) -> str:
    """Every kind of float that goes in, with weights of the same kind, comes out, and is finite."""
    kinds = {"bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64}
    for name, kind in kinds.items():
        example = in_each(lambda t, k=kind: t.to(k) if t.is_floating_point() else t, trial.example)
        for tensor in leaves(trial.answer(example, trial.copy().to(kind))):
            assert tensor.dtype == kind, (
                f"expected {name} out of a part in {name}, got {short(tensor.dtype)}. "
                "Make new tensors with x.new_zeros(...), or .to(x)."
            )
            assert tensor.isfinite().all(), (
                f"expected finite numbers, got {name} numbers that are not. "
                "Look for a division by zero, a log or root of it, or a large exponent."
            )
    return f"{', '.join(kinds)}: what goes in comes out"


def device(trial: Trial) -> str:
    """The part works where its input is, and without numbers, as walks and costs need it."""
    advice = (
        "Make new tensors with device=x.device, register tables as buffers, and "
        "let no number decide the way (.item(), if x > 0)."
    )
    try:
        answer = trial.answer(in_each(lambda t: t.to(META), trial.example), trial.copy().to(META))
    except Exception as error:
        got = f"expected shapes on the device meta, got a {type(error).__name__}. {advice}"
        raise AssertionError(got) from error
    got = ", ".join(sorted({tensor.device.type for tensor in leaves(answer)} - {"meta"}))
    assert not got, f"expected an answer on meta, got {got}. {advice}"
    return "the answer stays where the input is (tried: meta)"


def samples(trial: Trial) -> str:
    """A sample's answer is the same whatever else is in the batch."""
    whole, batch = trial.answer(), len(leaves(trial.example)[0])
    got = sorted({len(t) for t in leaves(whole)} - {batch})
    assert not got, (
        f"expected {batch} answers to {batch} samples, got {got[0]}. "
        "Keep the batch as the first axis."
    )
    for place, name in ((0, "first"), (-1, "last")):
        sample = partial(in_each, lambda tensor, place=place: tensor[[place]])
        beside = {"beside others": trial.only(place)}
        if not trial.random:
            beside["alone"] = sample(trial.example)
        for where, example in beside.items():
            difference = apart(sample(trial.answer(example)), sample(whole))
            assert difference <= TOLERANCE, (
                f"expected the {name} sample to be answered the same {where}, got answers "
                f"{difference:.1g} apart. Take no mean, norm or reshape across the batch."
            )
    return f"{batch} samples, each answered as if alone"


def repeats(trial: Trial) -> str:
    """The same input gives the same answer, and running a part does not change it."""
    part, seeds = trial.copy(), (0, 0) if trial.random else (0, 1)
    before = {name: value.clone() for name, value in part.state_dict().items()}
    difference = apart(*(trial.answer(part=part, seed=seed) for seed in seeds))
    assert not difference, (
        f"expected the same answer twice, got answers {difference:.1g} apart. Draw nothing "
        "in evaluation and remember nothing; if chance is meant, say random=True."
    )
    changed = ", ".join(n for n, value in part.state_dict().items() if not value.equal(before[n]))
    assert not changed, (
        f"expected a part that stays as it was, got another {changed}. "
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
    learn(trial, part=part)
    reached = {name for name, p in parameters.items() if p.grad is not None and p.grad.any()}
    wild = [name for name in sorted(reached) if not parameters[name].grad.isfinite().all()]
    idle = {n for n in parameters if any(fnmatchcase(n, pattern) for pattern in trial.idle)}
    missed, busy = sorted(set(parameters) - reached - idle), sorted(reached & idle)
    assert not wild, (
        f"expected finite gradients, got others for {', '.join(wild)}. "
        "Look for a division by zero, or a root at zero."
    )
    assert not missed, (
        f"expected a gradient for every parameter, got none for {', '.join(missed)}. Use them "
        "in forward, detach nothing, or name those that are idle by design: idle=(...)."
    )
    assert not busy, (
        f"expected no gradient for what is idle, got one for {', '.join(busy)}. "
        "Take them out of idle=(...)."
    )
    by_design = f", {len(idle)} idle by design" if idle else ""
    return f"reaches all of {len(reached)} parameter tensors{by_design}"


def passes(trial: Trial) -> str:
    """Gradient comes out where the example came in: all before the part learns through it."""
    example = in_each(lambda t: t.clone().requires_grad_(), trial.example)
    learn(trial, example)
    for some in leaves(example):
        assert some.grad is not None and some.grad.flatten(2).any(-1).all(), (
            "expected a gradient for every row that came in, got none for some. "
            "Use all rows, and detach nothing: the whole model learns through this part."
        )
    return "reaches every row that came in"


def points(trial: Trial) -> str:
    """All points are 0, 1, 2 ...; some points are answered by those rows of the whole."""
    part, whole = trial.copy(), trial.answer()
    known = part.all_points(trial.example)
    for numbers, some in zip(leaves(known), leaves(whole), strict=True):
        assert numbers.tolist() == list(range(some.shape[1])), (
            "expected from all_points as many numbers as there are rows, 0, 1, 2 ..., "
            f"{some.shape[1]} of them, got {numbers.tolist()[:8]}. Give "
            "torch.arange(rows, device=input_array.device)."
        )
    asked = in_each(lambda numbers: numbers.flip(0)[::2], known)
    got = part(trial.example, asked)
    wanted = in_each(lambda some, numbers: some[:, numbers], whole, asked)
    assert apart(got, wanted) <= TOLERANCE, (
        f"expected rows {shapes(wanted)} for some points, in their order, got other rows, "
        f"{shapes(got)}. Pick them: rows[:, points]."
    )
    return f"{sum(map(len, leaves(known)))} points, and some of them alone"


def pieces(trial: Trial) -> str:
    """Rows are answered piece by piece as they are together: long outputs come in pieces."""
    part, halves = trial.copy(), list(halves_of(trial.example))
    difference = apart(join_answers([part(half) for half in halves]), part(trial.example))
    assert difference <= TOLERANCE, (
        f"expected rows to be answered one by one, got answers {difference:.1g} apart when "
        "they come in two pieces. Let forward look at each row alone, and do in assemble "
        "what needs all of them."
    )
    return f"in {len(halves)} pieces as at once" if len(halves) > 1 else "one row: nothing to cut"


def refusals(trial: Trial, bad: Mapping[str, Any] | None) -> str:
    """Bad input is refused by an error that says what was expected and what came."""
    inputs = {**bad_versions(trial.example), **(bad or {})}
    with without_shape_checks():
        for what, example in inputs.items():
            try:
                got = f"an answer of shape {shapes(trial.answer(example))}"
            except (TypeError, ValueError) as error:
                if "xpected" in str(error) and "got" in str(error):
                    continue
                got = f"one without these words, {in_short(error)}"
            except Exception as error:
                got = in_short(error)
            raise AssertionError(
                f"expected {REFUSED} for {what}, got {got}. Check what comes in before anything "
                "else; inputs.InputSpec.check does so."
            )
    return f"{len(inputs)} bad inputs, each refused in words"


COMMON = {p.__name__: p for p in (numbers, device, samples, repeats, gradient)}


def bad_versions(example: Any) -> dict[str, Any]:
    """What people bring by mistake: what is wrong with it -> the input.

    Args:
        example: good input; of a dictionary, every entry in turn is bad, missing or shorter.

    >>> list(bad_versions(torch.zeros(2, 3)))
    ['no batch axis', 'one axis too many', 'an empty batch', 'a list', 'int64 numbers']
    """
    if not isinstance(example, Mapping):
        other = example.long() if example.is_floating_point() else example.float()
        return {
            "no batch axis": example[0],
            "one axis too many": example[None],
            "an empty batch": example[:0],
            "a list": example.tolist(),
            f"{short(other.dtype)} numbers": other,
        }
    bad: dict[str, Any] = {"a list": list(example.values())}
    for name, some in example.items():
        bad |= {f"{name}: {what}": {**example, name: v} for what, v in bad_versions(some).items()}
        bad[f"no {name}"] = {other: v for other, v in example.items() if other != name}
        if len(example) > 1:
            bad[f"{name}: fewer samples"] = {**example, name: some[:1]}
    return bad


@contextmanager
def without_shape_checks() -> Iterator[None]:
    """As users run it: the shapes in signatures are checked in tests only."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", before)


def learn(trial: Trial, example: Any = None, part: nn.Module | None = None) -> None:
    """Send gradient back from every number of an answer, from each another one."""
    generator = torch.Generator().manual_seed(0)
    with torch.enable_grad():
        for tensor in leaves(trial.answer(example, part)):
            if tensor.requires_grad:
                start = torch.randn(tensor.shape, generator=generator)
                tensor.backward(start, retain_graph=True)


def halves_of(rows: Any) -> Iterator[Any]:
    """The rows in two pieces, and each modality on its own, as `PerceiverIO.decode` cuts them."""
    if isinstance(rows, Mapping):
        for name, some in rows.items():
            yield from ({name: half} for half in halves_of(some))
    else:
        yield from rows.split(-(-rows.shape[1] // 2), dim=1)


def leaves(data: Any) -> list[Any]:
    """All tensors of an input or an answer, or what else is there in their place."""
    if isinstance(data, Mapping):
        return [tensor for some in data.values() for tensor in leaves(some)]
    return [data]


def in_each(change: Callable[..., Tensor], data: Any, *others: Any) -> Any:
    """The same data, with every tensor in it changed, together with its like in others."""
    if isinstance(data, Mapping):
        return {n: in_each(change, some, *(o[n] for o in others)) for n, some in data.items()}
    return change(data, *others)


def shapes(data: Any) -> Any:
    """Sizes of a tensor, or of each tensor in a dictionary."""
    return in_each(lambda tensor: tuple(tensor.shape), data)


def apart(some: Any, others: Any) -> float:
    """Largest difference of two answers over their largest value; infinite if shapes differ."""
    if shapes(some) != shapes(others):
        return math.inf
    largest = 0.0
    for one, other in zip(leaves(some), leaves(others), strict=True):
        one, other = one.detach().double(), other.detach().double()
        if one.numel():
            scale = max(float(one.abs().max()), float(other.abs().max())) or 1.0
            difference = float((one - other).abs().max()) / scale
            largest = max(largest, math.inf if math.isnan(difference) else difference)
    return largest


def in_short(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first.strip().rstrip('.')}"


def short(kind: torch.dtype) -> str:
    """The name of a kind of number, e.g. float32."""
    return str(kind).removeprefix("torch.")
