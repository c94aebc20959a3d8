"""Every rule for preprocessors catches one that breaks it, and says what to do."""

import re

import pytest
import torch
from torch import nn

from perceiver_course.kit.conformance import bad_versions, check_preprocessor
from perceiver_tutorial.inputs import InputSpec

SPEC = InputSpec("rows", ("rows", "numbers"), (None, 3), "")


class Rows(nn.Module):
    """Rows of three numbers, checked, widened to four, and then bent by a fault."""

    def __init__(self, fault=lambda _part, rows: rows, num_channels=4, check=SPEC.check):
        super().__init__()
        self.fault, self.num_channels, self.check = fault, num_channels, check
        self.fc1 = nn.Linear(3, 4)
        self.scale = nn.Parameter(torch.ones(4))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, raw):
        self.check(raw)
        return self.fault(self, self.fc1(raw) * self.scale)


def count(part, rows):
    """Something is remembered."""
    part.calls += 1
    return rows


def draw(_part, rows):
    """Numbers of its own: no seed brings them back."""
    own = torch.Generator()
    own.seed()
    return rows + torch.rand(rows.shape, generator=own).to(rows)


def murmur(raw):
    """Refuse, and do not say why."""
    if not isinstance(raw, torch.Tensor) or raw.ndim != 3:
        raise ValueError("no")


def stumble(raw):
    """Bad input reaches torch, which answers in words of its own."""
    raw.transpose(0, 2)


def moved(_part, rows):
    """Numbers from the wrong device."""
    return torch.zeros(rows.shape, dtype=rows.dtype)


FAULTS = {
    "too wide": (
        Rows(num_channels=5), "shape",
        r"num_channels\] = \(2, any, 5\), got \(2, 6, 4\). .* be the width of a row",
    ),
    "not flat": (
        Rows(lambda _, rows: rows[:, None]), "shape",
        r"got \(2, 1, 6, 4\). Flatten all axes between batch and channels",
    ),
    "two answers": (
        Rows(lambda _, rows: (rows, None)), "shape",
        "expected a tensor or a dictionary of tensors, got a tuple. Return nothing else",
    ),
    "single only": (
        Rows(lambda _, rows: rows.float()), "numbers",
        "expected bfloat16 out of a part in bfloat16, got float32. Make new tensors",
    ),
    "divided by zero": (
        Rows(lambda _, rows: rows / (rows - rows)), "numbers",
        "expected finite numbers, got bfloat16 numbers that are not. Look for",
    ),
    "another device": (Rows(moved), "device", "expected an answer on meta, got cpu. Make new"),
    "looks at numbers": (
        Rows(lambda _, rows: rows * 2 if rows.square().sum() >= 0 else rows), "device",
        "expected shapes on the device meta, got a .* let no number decide the way",
    ),
    "normed over the batch": (
        Rows(lambda _, rows: rows - rows.mean(0)), "samples",
        "the same beside others, got answers .* apart. Take no mean, norm or reshape across",
    ),
    "first from all": (
        Rows(lambda _, rows: rows - rows[:1]), "samples",
        "expected the last sample to be answered the same beside others",
    ),
    "another way with one": (
        Rows(lambda _, rows: rows if len(rows) > 1 else rows * 2), "samples",
        "answered the same alone, got answers .* apart",
    ),
    "batch second": (
        Rows(lambda _, rows: rows.transpose(0, 1)), "samples",
        "expected 2 answers to 2 samples, got 6. Keep the batch as the first axis",
    ),
    "dropout": (
        Rows(lambda _, rows: nn.functional.dropout(rows)), "repeats",
        "expected the same answer twice, got answers .* apart. .* say random=True",
    ),
    "counting": (
        Rows(count), "repeats",
        "expected a part that stays as it was, got another calls. Change nothing of the part",
    ),
    "unused": (
        Rows(lambda part, rows: rows / part.scale.detach() * 0 + part.fc1.bias), "gradient",
        "expected a gradient for every parameter, got none for fc1.weight, scale. Use them",
    ),
    "detached": (
        Rows(lambda _, rows: rows.detach()), "gradient",
        "got none for fc1.bias, fc1.weight, scale. .* detach nothing",
    ),
    "root at zero": (
        Rows(lambda part, rows: rows + (part.scale - part.scale.detach()).sum().sqrt()), "gradient",
        "expected finite gradients, got others for scale. Look for .* a root at zero",
    ),
    "no check": (
        Rows(check=lambda _raw: None), "refusals",
        r"for no batch axis, got an answer of shape \(6, 4\). Check what comes in before",
    ),
    "stumbling": (
        Rows(check=stumble), "refusals",
        'says "expected" and "got" for no batch axis, got IndexError: .* Check what comes in',
    ),
    "murmuring": (
        Rows(check=murmur), "refusals",
        "for no batch axis, got one without these words, ValueError: no. Check what comes in",
    ),
}  # fmt: skip
ALONE = ("too wide", "single only", "looks at numbers", "counting", "root at zero", "murmuring")


def rows():
    return torch.randn(2, 6, 3)


def says(report, name, words):
    """Whether a property is reported as wrong, in these words."""
    return re.search(words, report.problems.get(name, "")) is not None


def test_without_a_fault_nothing_is_wrong():
    assert not check_preprocessor(Rows(), rows()).problems


@pytest.mark.parametrize("part, name, words", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_and_said(part, name, words):
    report = check_preprocessor(part, rows())
    assert says(report, name, words), report


@pytest.mark.parametrize("fault", ALONE)
def test_one_fault_leaves_the_other_properties_right(fault):
    part, name, _ = FAULTS[fault]
    assert list(check_preprocessor(part, rows()).problems) == [name]


def test_what_is_called_idle_must_be_idle():
    part, raw = FAULTS["unused"][0], rows()
    assert not check_preprocessor(part, raw, idle=("scale", "*.weight")).problems
    report = check_preprocessor(part, raw, idle=("*",))
    assert says(report, "gradient", "got one for fc1.bias. Take them out of idle")


def test_what_may_draw_numbers_must_still_repeat_itself():
    report = check_preprocessor(FAULTS["dropout"][0], rows(), random=True)
    assert not report.problems and "the same again from the same seed" in repr(report)
    report = check_preprocessor(Rows(draw), rows(), random=True)
    assert says(report, "repeats", "expected the same answer twice")


def test_further_bad_input_may_be_given():
    right = check_preprocessor(Rows(), rows(), bad={"four numbers": torch.randn(2, 6, 4)})
    assert not right.problems and "6 bad inputs" in repr(right)
    wrong = check_preprocessor(Rows(), rows(), bad={"other good rows": rows()})
    assert says(wrong, "refusals", r"for other good rows, got an answer of shape \(2, 6, 4\)")


def test_bad_dictionaries_are_bad_in_every_entry():
    pair = {"a": torch.randn(2, 3), "b": torch.randn(2, 5)}
    bad = bad_versions(pair)
    assert len(bad) == 1 + 2 * (5 + 2)
    assert set(bad["no a"]) == {"b"} and bad["a: no batch axis"]["a"].shape == (3,)
    fewer = bad["b: fewer samples"]
    assert len(fewer["b"]) == 1 and fewer["a"] is pair["a"]
