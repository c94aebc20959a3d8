"""Draws, comparisons, and the kinds of exercise beyond writing a function: each can say no."""

import json
import re

import numpy as np
import pytest
import torch
from torch import nn

from perceiver_course.kit.exercises import (
    BugHunt,
    Build,
    Draw,
    Exercise,
    NotYet,
    Project,
    Repair,
    Slip,
    Stage,
    same,
)
from perceiver_course.kit.exercises.project import FILE
from perceiver_course.kit.exercises.same import difference
from perceiver_course.kit.keep import FOLDER
from perceiver_tutorial.attention import MLP


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


# --- draws --------------------------------------------------------------------------------------


def test_draws_repeat_and_differ_from_round_to_round():
    first, again, next_round = Draw("a"), Draw("a"), Draw("a", 1)
    assert first.sizes(3) == again.sizes(3)
    assert not torch.equal(Draw("a").randn(4), next_round.randn(4))
    assert not torch.equal(Draw("a").randn(4), Draw("b").randn(4))


@pytest.mark.parametrize("seed", range(20))
def test_sizes_are_all_different_and_within_bounds(seed):
    sizes = Draw(str(seed)).sizes(5, low=3, high=9)
    assert len(set(sizes)) == 5 and min(sizes) >= 3 and max(sizes) <= 9


def test_a_choice_is_another_in_every_round():
    assert sorted(Draw("a", number).choice("xyz") for number in range(3)) == ["x", "y", "z"]


# --- the same, and not ---------------------------------------------------------------------------

MATRIX = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
SAME = [
    (3, 3.0), (3.0, 3), (torch.tensor(3), 3), (np.float32(3), 3.0), (np.int64(3), 3),
    ([1, 2], (1, 2)), (torch.Size([1, 2]), (1, 2)), (torch.tensor([1, 2]), [1, 2]),
    (iter([1, 2]), [1, 2]), (range(1, 3), (1, 2)), ([[1, 2, 3], [4, 5, 6]], MATRIX),
    (MATRIX.to_sparse(), MATRIX),
    (MATRIX.double(), MATRIX), (MATRIX.numpy(), MATRIX), (MATRIX.long(), MATRIX),
    (MATRIX + 1e-5, MATRIX), (0.3, 0.1 + 0.2), ({"a": (1,)}, {"a": [1]}),
    (b"ab", [97, 98]), (("b", "a"), {"a", "b"}), ({"b", "a"}, {"a", "b"}),
    (torch.tensor([True]), torch.tensor([True])), (MATRIX.requires_grad_(False), MATRIX),
    ([[1, 2], [1, 3]], {(1, 2), (1, 3)}), (MATRIX.double() + 1e-6, MATRIX.double()),
    (torch.tensor([3e-8]), torch.zeros(1)), (torch.tensor([torch.inf]), torch.tensor([torch.inf])),
]  # fmt: skip
DIFFERENT = [
    (3, 4), (True, 1), (1, True), ("3", 3), (None, 3), (3.5, 3), ([1, 2], (1, 2, 3)),
    ((1, 3), (1, 2)), (("a", "a"), {"a", "b"}), ("ab", {"a", "b"}), (b"ab", [97, 99]),
    (MATRIX, MATRIX.mT), (MATRIX, MATRIX.long()), (MATRIX.bool(), MATRIX), (MATRIX + 0.01, MATRIX),
    (torch.tensor([1, 0]), torch.tensor([True, False])), ({"a": 1}, {"b": 1}), (float("nan"), 1.0),
    (torch.tensor([float("nan"), 1.0]), torch.tensor([1.0, 1.0])),
    ([[1, 2], [1, 2]], {(1, 2), (1, 3)}), (MATRIX.double() + 1e-4, MATRIX.double()),
    (torch.zeros(2), torch.tensor([3e-5, 1e-5])), (MATRIX + 1j, MATRIX),
]  # fmt: skip


@pytest.mark.parametrize("got, want", SAME)
def test_what_means_the_same_is_the_same(got, want):
    assert same(got, want)


@pytest.mark.parametrize("got, want", DIFFERENT)
def test_what_means_something_else_is_not(got, want):
    assert not same(got, want)


@pytest.mark.parametrize("got, want, told", [
    (12, 6, "12 is 2 times too large."),
    (2, 6, "2 is 3 times too small."),
    (-6, 6, "-6 is right but for its sign."),
    (1_000_001, 1_000_000, "1e+06 is too large by 1."),
    (0, 6, "0 is too small."),
    ("a", 6, "'a'; a whole number is expected."),
    (1, True, "1; True or False is expected."),
    ("a", "b", "'a' is not it."),
    ((1, 2), (1, 2, 3), "2 values; 3 are expected."),
    ((1, 4, 3), (1, 2, 3), "value 1 (the first is 0) is wrong: 4 is 2 times too large."),
    ({"a": 4}, {"a": 2}, "the entry 'a' is wrong: 4 is 2 times too large."),
    (("a", "c"), {"a", "b"}, "1 of 2 are right."),
    (("a",), {"a", "b"}, "1 values; 2 are expected."),
    (5, {"a": 2}, "5; a dictionary with the keys a is expected."),
    (5, (1, 2), "5; 2 values are expected, as a tuple or a list."),
    ("two", MATRIX, "'two'; a tensor is expected."),
    (MATRIX.mT, MATRIX, "shape (3, 2), expected (2, 3): axes have changed places."),
    (MATRIX.flatten(), MATRIX, "shape (6,), expected (2, 3): as many numbers, in other axes."),
    (MATRIX[0], MATRIX, "shape (3,), expected (2, 3): 1 axes, not 2."),
    (MATRIX[:, :2], MATRIX, "shape (2, 2), expected (2, 3): look at axis 1 (the first is 0)."),
    (2 * MATRIX, MATRIX, "right shape; everywhere 2 times what it should be."),
    (-MATRIX, MATRIX, "right shape; right but for the sign everywhere."),
    (torch.tensor([2.0, 5.0]), torch.tensor([1.0, 0.0]),
     "right shape; 0 % of the values are right, the first wrong one is at [0], 2 times what it "
     "should be."),
    (MATRIX + 1, MATRIX, "right shape; everywhere +1 away from what it should be."),
    (MATRIX.flip(1), MATRIX, "right numbers, but in reverse order along axis 1."),
    (MATRIX.log() / 0 * 0, MATRIX, "right shape, but 6 of 6 numbers are NaN."),
    (MATRIX, MATRIX.long(),
     "right shape, but numbers with a fraction; whole numbers are expected."),
    (MATRIX + 1j, MATRIX,
     "right shape, but complex numbers; numbers with a fraction are expected."),
    (torch.tensor([[1.0, 2, 3], [torch.inf, 5, 6]]),
     torch.tensor([[1.0, 2, 4], [torch.inf, 5, 6]]),
     "right shape; along axis 0 1 of 2 are right, wrong is 0, 0.75 times what it should be."),
    (MATRIX * 1.0005, MATRIX, "right shape; 17 % of the values are right, the first wrong one is "
     "at [0, 1], +0.001 away from what it should be."),
    (torch.tensor([[1.0, 2, 3], [8, 10, 12]]), MATRIX,
     "right shape; along axis 0 1 of 2 are right, wrong is 1, 2 times what it should be."),
])  # fmt: skip
def test_a_difference_is_told_by_factor_and_place(got, want, told):
    assert difference(got, want) == told


# --- write ---------------------------------------------------------------------------------------


def _weights(x, axis=-1, power=1.0):
    return (x * power).softmax(axis)


SOFTMAX = Exercise(
    task="return the softmax of x over its last axis.",
    inputs=lambda draw: (draw.randn(*draw.sizes(2)),),
    reference=_weights,
    slips=(
        Slip("the softmax runs over the rows.", {"axis": 0}),
        Slip("the scores are doubled.", {"power": 2.0}),
    ),
)


@pytest.mark.parametrize("answer, hint", [
    (lambda x: x.softmax(0), "the softmax runs over the rows."),
    (lambda x: (2 * x).softmax(0), "the softmax runs over the rows. And the scores are doubled."),
    (lambda _: torch.ones(2, 2), "the answer is the same whatever comes in"),
    (lambda x: x.exp(), "right shape; "),
])  # fmt: skip
def test_two_mistakes_are_recognised_together(answer, hint):
    with pytest.raises(NotYet, match=re.escape(hint)):
        SOFTMAX.check(answer)


def test_an_answer_without_numbers_is_told_in_a_sentence():
    doubled = Exercise("double", lambda draw: (draw.randn(*draw.sizes(2)),), lambda x: 2 * x)
    with pytest.raises(NotYet, match=r"^your code stops.*meta tensor"):
        doubled.check(lambda x: (2 * x).to("meta"))
    assert difference(float("nan"), 3) == "nan is not a number."


def test_an_answer_that_is_right_only_for_the_first_input_is_not_accepted():
    first = SOFTMAX.reference(*SOFTMAX.tried(0))
    with pytest.raises(NotYet, match="the same whatever comes in"):
        SOFTMAX.check(lambda _: first)


# --- build ---------------------------------------------------------------------------------------

BUILD = Build(
    task="write an MLP.",
    reference=MLP,
    make=lambda draw: (
        {"channels": (sizes := draw.sizes(3))[0], "widening_factor": sizes[1]},
        (draw.randn(2, sizes[2], sizes[0]),),
    ),
    slips=(Slip("the activation is missing.", lambda **options: NoActivation(**options)),),
)


class Typed(nn.Module):
    """As a reader would type it."""

    def __init__(self, channels, widening_factor=1):
        super().__init__()
        self.fc1 = nn.Linear(channels, widening_factor * channels)
        self.fc2 = nn.Linear(widening_factor * channels, channels)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class NoActivation(Typed):
    """Two maps in a row."""

    def forward(self, x):
        return self.fc2(self.fc1(x))


class OtherNames(Typed):
    """One parameter is called otherwise."""

    def __init__(self, channels, widening_factor=1):
        super().__init__(channels, widening_factor)
        self.second = self.fc2
        del self.fc2


class NoBias(Typed):
    """Lacks the biases of the second map."""

    def __init__(self, channels, widening_factor=1):
        super().__init__(channels, widening_factor)
        self.fc2 = nn.Linear(widening_factor * channels, channels, bias=False)


class OtherSize(Typed):
    """Widens by one more."""

    def __init__(self, channels, widening_factor=1):
        super().__init__(channels, widening_factor + 1)


class Detached(Typed):
    """Right numbers, no gradient for the first map."""

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)).detach())


class Listed(Typed):
    """Right numbers, as a list."""

    def forward(self, x):
        return super().forward(x).tolist()


class Unwritten(nn.Module):
    """The stub of an exercise."""

    def __init__(self, **_options):
        super().__init__()

    def forward(self, x): ...


def test_a_module_that_equals_the_reference_is_right(capsys):
    BUILD.check(Typed)
    BUILD.check(MLP)
    assert capsys.readouterr().out == "right\nright\n"


def test_a_module_that_is_not_written_yet_is_no_error(capsys):
    BUILD.check(Unwritten)
    assert capsys.readouterr().out == "your turn: write an MLP.\n"


@pytest.mark.parametrize("module, told", [
    (NoActivation, "the activation is missing."),
    (OtherNames,
     "your module lacks fc2.bias, fc2.weight and has second.bias, second.weight besides."),
    (NoBias, "your module lacks fc2.bias."),
    (OtherSize, "fc1.weight has the shape"),
    (Detached, "right numbers, but fc1.weight gets no gradient: is it detached?"),
    (Listed, "the output has no gradient: something is detached on the way."),
    (Typed(2), "expected a class of modules, without calling it, got Typed("),
    (lambda **_: 3, "expected a class of modules"),
    (nn.Identity, "your module lacks fc1.bias, fc1.weight, fc2.bias, fc2.weight."),
])  # fmt: skip
def test_a_wrong_module_is_told_why(module, told):
    with pytest.raises(NotYet, match=re.escape(told)):
        BUILD.check(module)


# --- repair --------------------------------------------------------------------------------------


def _sums(function, draw):
    sums = function(draw.randn(*draw.sizes(2))).sum(-1)
    is_right = torch.allclose(sums, torch.ones(()), atol=1e-5)
    return "" if is_right else f"rows sum to {sums.min():.2f} to {sums.max():.2f}, not to 1."


REPAIR = ("weights sum to 1.", (Stage(_sums, "Look at the axis of the softmax."),))


def test_a_repair_measures_and_says_where_after_two_tries(capsys):
    repair = Repair(*REPAIR)
    for _ in range(3):
        repair.check(lambda x: x.softmax(0))
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == second and first.startswith("not yet: rows sum to ")
    assert third == f"{first} Look at the axis of the softmax."


def test_a_repaired_model_is_right_and_one_that_stops_is_told(capsys):
    Repair(*REPAIR).check(lambda x: x.softmax(-1))
    Repair(*REPAIR).check(lambda x: x.softmacks(-1))
    right, stopped = capsys.readouterr().out.splitlines()
    assert right == "right: 1 measurements, each on 3 sets of random sizes"
    assert stopped.startswith("not yet: your code stops in `Repair(*REPAIR).check(lambda x: x.soft")


# --- bug hunts ------------------------------------------------------------------------------------

HUNT = {
    "task": "`f` keeps the order.",
    "inputs": lambda: (torch.arange(4.0),),
    "right": lambda x: x,
    "bugs": {"turns the order round": lambda x: x.flip(0), "adds 1": lambda x: x + 1},
    "reference": lambda f: torch.equal(f(torch.arange(3)), torch.arange(3)),
}


def test_a_bug_that_survives_is_shown_after_two_tries():
    hunt, says_yes = BugHunt(**HUNT), lambda f: f(torch.arange(3.0)) is not None
    with pytest.raises(NotYet) as first:
        hunt.check(says_yes)
    assert str(first.value) == "your check lets 2 of 2 wrong functions pass."
    with pytest.raises(NotYet) as second:
        hunt.check(says_yes)
    shown = "One of them: turns the order round\n    lambda x: x.flip(0)"
    assert str(second.value) == f"{first.value} {shown}"


def test_a_check_that_asserts_refuses_too(capsys):
    def check(function):
        assert function(torch.arange(3))[0] == 0
        return True

    BugHunt(**{**HUNT, "bugs": {"adds 1": lambda x: x + 1}}).check(check)
    assert capsys.readouterr().out == "right\n"


# --- projects -------------------------------------------------------------------------------------

PROJECT = {
    "name": "test.size", "task": "return a number, large.", "score": lambda answer: answer(),
    "rivals": {"somebody": 5.0}, "limits": {"letters": (lambda a: len(a.__name__), 12)},
}  # fmt: skip


def test_a_project_keeps_the_best_score_and_shows_it_beside_rivals(folder, capsys):
    for number in (3.0, 7.0, 4.0):
        Project(**PROJECT).check(lambda: number)  # noqa: B023
    assert json.loads((folder / FILE).read_text()) == {"test.size": 7.0}
    last = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split() for line in last] == [
        ["your", "best", "7"],
        ["somebody", "5"],
        ["yours", "4"],
    ]


def test_where_small_is_good_the_smallest_is_kept(folder, capsys):
    project = Project(**{**PROJECT, "is_lower_better": True})
    for number in (3.0, 7.0):
        project.check(lambda: number)  # noqa: B023
    assert json.loads((folder / FILE).read_text()) == {"test.size": 3.0}
    assert capsys.readouterr().out.splitlines()[0].startswith("yours")


def _far_too_long_a_name():
    return 3.0


def _counts_for_long():
    return sum(0.0 for _ in range(10**6))


@pytest.mark.parametrize("answer, more, told", [
    (_far_too_long_a_name, {}, "20 letters; at most 12 are allowed."),
    (_counts_for_long, {"limits": {}, "seconds": 1e-3}, "seconds; at most 0 are allowed."),
    (lambda: 1 / 0, {}, "ZeroDivisionError"),
    (lambda: float("nan"), {}, "the score is nan; expected a finite number."),
    (lambda: 1.0, {"limits": {"as size": (lambda _: float("nan"), 3)}}, "nan as size; at most 3"),
])  # fmt: skip
def test_what_breaks_the_budget_is_refused(answer, more, told, folder):
    with pytest.raises(NotYet, match=re.escape(told)):
        Project(**{**PROJECT, **more}).check(answer)
    assert not (folder / FILE).exists()


def test_a_project_that_is_not_begun_names_whom_to_beat(capsys):
    Project(**PROJECT).check(...)
    assert capsys.readouterr().out == "your turn: return a number, large. To beat: somebody 5.\n"


def test_a_spoilt_file_of_scores_is_named_and_left(folder):
    (folder / FILE).write_text("{")
    with pytest.raises(ValueError, match=r"expected scores in my_scores\.json, as JSON"):
        Project(**PROJECT).check(lambda: 1.0)
    assert (folder / FILE).read_text() == "{"
