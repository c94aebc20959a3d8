"""Usual wrong answers are answered by name and never accepted; no right answer is refused."""

import contextlib
import importlib
import io
import itertools
import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import torch
import yaml
from einops import rearrange, reduce, repeat
from torch import nn
from torch.nn import functional

from perceiver_course.kit import samples
from perceiver_course.kit.exercises import BugHunt, Build, Exercise, NotYet, Repair
from perceiver_course.kit.exercises.hunt import TRIES
from perceiver_course.predictions import PREDICTIONS
from perceiver_tutorial import attention, positions

KNOWN = {
    "F": functional, "itertools": itertools, "math": math, "nn": nn, "np": np, "re": re,
    "attention": attention, "positions": positions, "rearrange": rearrange, "reduce": reduce,
    "repeat": repeat, "scipy": scipy, "torch": torch,
}  # fmt: skip
# What the engine says of itself, beside the hints of an exercise, and what names the mistake.
NAMED = (
    r"your function returns nothing",
    r"your code stops",
    r"expected your function, without calling it",
    r"the answer is the same whatever comes in",
    r"your check refuses the right function",
    r"; (a tensor|a text|a number|a whole number|True or False) is expected\.$",
    r"; a dictionary with the keys .* is expected\.$",
    r"values?(; \d+)? are expected",
    r"(whole numbers|numbers with a fraction|True and False) are expected",
    r"^(right for \d of \d inputs; for another, )?shape \(.*\), expected \(",
    r"numbers are NaN",
    r"right but for (its|the) sign",
    r"in reverse order along axis",
    r" axes, expected \d",
    r"the target is \(",
    r"would not be for another size",
    r"is no letter of this question",
    r"^your module (lacks|has)",
    r"^[\w.]+ has the shape \(",
    r"gradient",
    r"expected a class of modules",
)


def rows(name: str) -> list[tuple[str, dict[str, str]]]:
    """Every answer of a file, with what it answers."""
    path = Path(__file__).parent / "answers" / f"{name}.yaml"
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [(about, row) for about, answers in listed.items() for row in answers]


WRONG, RIGHT = rows("wrong"), rows("right")


def called(row: tuple[str, dict[str, str]]) -> str:
    """The name of one answer's test."""
    return f"{row[0]}: {row[1]['words']}"


def written(source: str):
    """What a reader's Python makes: its function, or its value."""
    known = dict(KNOWN)
    named = re.match(r"(?:def|class) (\w+)", source)
    if named is None:
        return eval(source, known)
    exec(source, known)
    return known[named[1]]


def reply_to(about: str, source: str) -> tuple[str, set[str]]:
    """What a reader is told ("right..." or why not), and the hints of that exercise."""
    topic, what = about.split(".", 1)
    answer = written(source)
    chapter = importlib.import_module(f"perceiver_course.chapters.{topic}.exercises")
    if about in PREDICTIONS:
        prediction = PREDICTIONS[about]
        return prediction.judge(answer).removeprefix("not yet: "), set(prediction.slips.values())
    if what.startswith("paint "):
        target, pictures = chapter.TARGETS[what.removeprefix("paint ")], samples.six_pictures()
        said = target.judge(pictures, answer(pictures)).removeprefix("not yet: ")
        return said, {slip.hint for slip in target.slips}
    exercise = getattr(chapter, what)
    said = [_told(exercise, answer) for _ in range(TRIES if isinstance(exercise, BugHunt) else 1)]
    if isinstance(exercise, Exercise):
        return said[-1], {hint for hint, _ in exercise.mistakes()}
    if isinstance(exercise, Build):
        return said[-1], {slip.hint for slip in exercise.slips}
    return said[-1], {said[-1]} if isinstance(
        exercise, Repair
    ) else set()  # it says what it measured


def _told(exercise, answer) -> str:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exercise.check(answer)
    except NotYet as refusal:
        return str(refusal)
    return printed.getvalue().strip()


def is_accepted(said: str) -> bool:
    """Whether a reader is told that all is right."""
    return said == "right" or said.startswith("right: ")


def is_named(said: str, hints: set[str]) -> bool:
    """Whether a reply says what went wrong, not only that the numbers differ."""
    is_shown_bug = "One of them" in said
    return said in hints or is_shown_bug or any(re.search(form, said) for form in NAMED)


@cache
def replies() -> dict[str, tuple[str, set[str]]]:
    """The reply to every wrong answer."""
    return {called(row): reply_to(row[0], row[1]["answer"]) for row in WRONG}


def test_there_are_many_answers_and_each_is_told_apart():
    assert len(WRONG) >= 150 and len(RIGHT) >= 60
    assert len({called(row) for row in WRONG + RIGHT}) == len(WRONG) + len(RIGHT)


def test_the_first_edition_took_wrong_answers_and_refused_right_ones():
    before = [row["before"] for _, row in WRONG if "before" in row]
    assert {*before} == {"named", "unnamed", "accepted"}
    assert {row["before"] for _, row in RIGHT if "before" in row} == {"accepted", "refused"}


@pytest.mark.parametrize("row", WRONG, ids=called)
def test_no_wrong_answer_is_accepted(row):
    said, _ = replies()[called(row)]
    assert not is_accepted(said)


@pytest.mark.parametrize("row", RIGHT, ids=called)
def test_no_right_answer_is_refused(row):
    said, _ = reply_to(row[0], row[1]["answer"])
    assert is_accepted(said)


def test_at_least_95_of_100_wrong_answers_are_named():
    unnamed = [f"{name} -> {said}" for name, (said, hints) in replies().items()
               if not is_named(said, hints)]  # fmt: skip
    assert len(unnamed) <= 0.05 * len(WRONG), "\n".join(unnamed)


@pytest.mark.parametrize("said", [
    "right shape; everywhere 2 times what it should be.",
    "1,598 is 2 times too large.",
    "right shape; 0 % of the values are right, the first wrong one is at [0, 0].",
    "look again at axis 2 (the first is axis 0).",
    "'two' is not it.",
])  # fmt: skip
def test_a_number_alone_is_no_name(said):
    assert not is_named(said, {"the softmax runs over the queries."})
