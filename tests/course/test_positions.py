"""The chapter on positions: what a sum hides, how few channels suffice, features to repair."""

import pytest
import torch

from perceiver_course.chapters.positions.exercises import (
    FEATURES,
    FEWEST_CHANNELS,
    PROJECTED,
    ProjectedPositions,
)
from perceiver_course.chapters.positions.model import CELLS, mean_error, num_channels, recovered
from perceiver_course.kit.exercises import NotYet
from perceiver_tutorial.positions import fourier_features


def features(positions, bands, resolution, *, is_swapped=False, follows=False, is_square=False):
    y, x = positions.T.flip(0) if is_swapped else positions.T
    if follows:
        resolution = len(positions), len(positions)
    if is_square:
        resolution = resolution[0], resolution[0]
    rows, columns = (torch.linspace(1, n / 2, bands) for n in resolution)
    a, b = torch.pi * y[:, None] * rows, torch.pi * x[:, None] * columns
    return torch.cat([positions, a.sin(), b.sin(), a.cos(), b.cos()], dim=-1)


@pytest.mark.parametrize("faults, said", [
    ({"is_swapped": True}, "only x changes, yet the sines of y change"),
    ({"follows": True}, "15 cells hold the 8 old ones, whose features change by up to"),
    ({"is_square": True}, "compared with the published features, numbers are up to"),
    ({}, "right: 3 measurements"),
])  # fmt: skip
def test_each_fault_of_the_features_is_measured(faults, said, capsys):
    FEATURES.check(lambda *inputs: features(*inputs, **faults))
    assert said in capsys.readouterr().out


def test_features_of_another_shape_are_told(capsys):
    FEATURES.check(lambda positions, *_: positions)
    assert "shape (9, 2); expected (9, " in capsys.readouterr().out


@pytest.mark.parametrize("number", range(len(PROJECTED.slips)))
def test_a_usual_mistake_with_a_table_is_named(number):
    slip = PROJECTED.slips[number]
    with pytest.raises(NotYet) as refusal:
        PROJECTED.check(slip.answer)
    assert str(refusal.value) == slip.hint


def test_a_right_table_is_right(capsys):
    PROJECTED.check(type("Yours", (ProjectedPositions,), {}))
    assert capsys.readouterr().out == "right\n"


def test_a_wide_sum_hides_nothing_and_a_narrow_one_does():
    assert recovered(256) == (1.0, 1.0)
    byte, position = recovered(4)
    assert byte < 0.5 and position < 0.5


def test_the_rivals_are_the_smallest_of_their_kind():
    grid = torch.linspace(-1, 1, CELLS)[:, None]
    for rival in (FEWEST_CHANNELS.rivals["frequencies evenly spaced"],):
        bands = rival // 2
        assert mean_error(fourier_features(grid, bands, (CELLS,))) <= 1
        assert mean_error(fourier_features(grid, bands - 1, (CELLS,))) > 1


@pytest.mark.parametrize("code, said", [
    (torch.zeros(3, 2), f"expected a tensor of {CELLS} rows"),
    (2 * torch.ones(CELLS, 2), "expected numbers from -1 to 1"),
    (torch.full((CELLS, 2), torch.nan), "expected numbers from -1 to 1"),
])  # fmt: skip
def test_what_is_no_encoding_is_told(code, said):
    with pytest.raises(NotYet, match=said):
        num_channels(code)
