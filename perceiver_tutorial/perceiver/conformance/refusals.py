"""What must not come in: bad input made from a good example, and how it must be refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jaxtyping

from .report import Problem, in_short
from .trial import Trial, shapes


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
