"""Every rule for queries and postprocessors catches one that breaks it, and says what to do."""

import pytest
import torch
from torch import nn

from perceiver_course.kit.conformance import check_postprocessor, check_queries
from tests.course.test_conformance_faults import says


def same(tensor):
    return tensor


class Questions(nn.Module):
    """Five learned rows; a fault changes which points there are, or which are answered."""

    num_channels = 4
    needs = "batch"

    def __init__(self, first=0, fault=same):
        super().__init__()
        self.first = first
        self.fault = fault
        self.rows = nn.Parameter(torch.randn(5, 4))

    def all_points(self, input_array):
        return torch.arange(self.first, self.first + 5, device=input_array.device)

    def forward(self, input_array, points=None):
        points = self.all_points(input_array) if points is None else self.fault(points)
        return self.rows[points - self.first].expand(len(input_array), -1, -1)


class Scores(nn.Module):
    """Three scores for each row; faults come before and after, and in assembling."""

    def __init__(self, before=same, after=same, assemble=same):
        super().__init__()
        self.before, self.after, self.assemble = before, after, assemble
        self.project = nn.Linear(4, 3)

    def forward(self, output_array):
        return self.after(self.project(self.before(output_array)))


class Mute(Questions):
    """There is no saying what may be asked."""

    all_points = None

    def forward(self, input_array):
        return self.rows.expand(len(input_array), -1, -1)


QUERIES = {
    "from one": (Questions(first=1), r"5 of them, got \[1, 2, 3, 4, 5\]. Give torch.arange"),
    "deaf": (
        Questions(fault=lambda _points: torch.arange(5)),
        r"expected rows \(2, 3, 4\) for some points, .* got other rows, \(2, 5, 4\). Pick them",
    ),
    "sorting": (
        Questions(fault=lambda points: points.sort().values),
        r"in their order, got other rows, \(2, 3, 4\). Pick them: rows\[:, points\]",
    ),
    "mute": (Mute(), "expected an answer, got TypeError: 'NoneType' object is not callable"),
}
POSTPROCESSORS = {
    "rows compared": (
        Scores(after=lambda scores: scores * scores.softmax(1)), "pieces",
        "expected rows to be answered one by one, got answers .* two pieces. Let forward look",
    ),
    "first only": (
        Scores(assemble=lambda answers: answers[:, 0]), "passes",
        "a gradient for every row that came in, got none for some. Use all rows",
    ),
    "cut off": (
        Scores(before=torch.detach), "passes",
        "got none for some. Use all rows, and detach nothing: the whole model learns",
    ),
    "all in one": (
        Scores(assemble=lambda answers: answers.flatten(0, 1)), "samples",
        "expected 2 answers to 2 samples, got 12. Keep the batch as the first axis",
    ),
}  # fmt: skip


def test_without_a_fault_nothing_is_wrong():
    assert not check_queries(Questions(), torch.randn(2, 6, 3)).problems
    assert not check_postprocessor(Scores(), torch.randn(2, 6, 4)).problems


@pytest.mark.parametrize("part, words", QUERIES.values(), ids=QUERIES)
def test_faulty_queries_are_found_by_their_points(part, words):
    report = check_queries(part, torch.randn(2, 6, 3))
    assert list(report.problems) == ["points"] and says(report, "points", words), report


@pytest.mark.parametrize("part, name, words", POSTPROCESSORS.values(), ids=POSTPROCESSORS)
def test_a_faulty_postprocessor_is_found(part, name, words):
    report = check_postprocessor(part, torch.randn(2, 6, 4))
    assert list(report.problems) == [name] and says(report, name, words), report


def test_queries_may_have_idle_parameters_and_so_may_postprocessors():
    queries, scores = Questions(), Scores()
    queries.spare = scores.spare = nn.Parameter(torch.ones(1))
    for check, part in ((check_queries, queries), (check_postprocessor, scores)):
        assert list(check(part, torch.randn(2, 6, 4)).problems) == ["gradient"]
        assert not check(part, torch.randn(2, 6, 4), idle=("spare",)).problems
