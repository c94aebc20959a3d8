"""Parts that readers write are tried property by property; series have gaps that can be filled."""

import pytest
import torch
from torch import nn

from perceiver_course.chapters.extending.data import gappy_series, straight_lines
from perceiver_course.chapters.extending.exercises import MOVE_LIST, MoveList
from perceiver_course.kit.exercises import NotYet


class NotWritten(nn.Module):
    """What the notebook begins with."""

    num_channels = 16

    def forward(self, _moves):
        return ...


class NothingRefused(MoveList):
    """Lets everything in."""

    def forward(self, moves):
        return self.squares(moves.long()).flatten(2)


class TwoTables(MoveList):
    """Rows that are too wide."""

    num_channels = 64

    def __init__(self):
        super().__init__()
        self.squares = nn.Embedding(64, 32)


def test_the_reference_fits(capsys):
    MOVE_LIST.check(MOVE_LIST.reference)
    assert capsys.readouterr().out == "right\n"


def test_a_part_that_is_not_written_is_no_error(capsys):
    MOVE_LIST.check(NotWritten)
    assert capsys.readouterr().out.startswith("your turn: chess moves")


@pytest.mark.parametrize("part, words", [
    (NothingRefused, r"^refusals: expected a ValueError or TypeError"),
    (TwoTables, r"^shape: expected \(2, 5, 16\), got \(2, 5, 64\)"),
])  # fmt: skip
def test_the_first_property_that_is_lacking_is_named(part, words):
    with pytest.raises(NotYet, match=words):
        MOVE_LIST.check(part)


# --- series --------------------------------------------------------------------------------------


def test_what_was_measured_is_true_and_most_days_are_missing():
    measured, true = gappy_series(50, num_days=24, seed=3)
    kept = measured.isfinite()
    assert kept.sum(1).tolist() == [6] * 50
    assert torch.equal(measured[kept], true[kept])
    assert true.abs().max() <= 1.5 and true.std(1).min() > 0.2


def test_a_seed_draws_the_same_series_again():
    one, same, other = (gappy_series(3, seed=seed).true for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_a_straight_line_is_filled_by_straight_lines():
    line = torch.linspace(-1, 1, 9)
    measured = line.masked_fill(torch.tensor([0, 1, 1, 0, 1, 0, 1, 1, 0]).bool(), torch.nan)
    assert torch.allclose(straight_lines(measured[None])[0], line, atol=1e-6)


def test_before_the_first_and_after_the_last_their_values_go_on():
    nan = torch.nan
    filled = straight_lines(torch.tensor([[nan, 2.0, nan, 4.0, nan], [nan, nan, 5.0, nan, nan]]))
    assert filled.tolist() == [[2, 2, 3, 4, 4], [5, 5, 5, 5, 5]]
