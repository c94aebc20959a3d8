"""The three kinds of parts, and what is asked of each."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..chunks import join_answers
from ..parts import Points
from . import properties
from .refusals import refusals
from .report import Problem, Report, report_on
from .trial import TOLERANCE, Trial, apart, in_each, shapes, tensors_in


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
    looks |= {**_common(trial), "passes": partial(properties.passes, trial)}
    return report_on(f"{type(part).__name__} as a postprocessor", looks)


def _common(trial: Trial) -> dict[str, Callable[[], str]]:
    names = ("numbers", "device", "samples", "repeats", "gradient")
    return {name: partial(getattr(properties, name), trial) for name in names}


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
