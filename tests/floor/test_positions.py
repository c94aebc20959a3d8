"""Where things are: grids, Fourier features, learned tables."""

import math

import pytest
import torch
from shaken import relative_error
from tolerances import EXACT
from transformers.models.perceiver.modeling_perceiver import (
    PerceiverFourierPositionEncoding,
    PerceiverTrainablePositionEncoding,
    build_linear_positions,
    generate_fourier_features,
)

from perceiver_tutorial.positions import (
    FourierPositions,
    LearnedPositions,
    axis_coordinates,
    fourier_features,
    grid_positions,
    resize_positions,
)

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("num_cells", [1, 2, 4, 55])
def test_linspace_runs_from_edge_to_edge_and_half_open_stops_a_step_short(num_cells):
    inclusive = axis_coordinates(num_cells, "linspace")
    half_open = axis_coordinates(num_cells, "half-open")
    assert inclusive[0] == half_open[0] == -1
    assert num_cells == 1 or inclusive[-1] == 1
    assert half_open[-1] == pytest.approx(1 - 2 / num_cells)


@pytest.mark.usefixtures("without_shape_checks")
def test_another_convention_is_refused_by_name():
    with pytest.raises(ValueError, match=r"convention 'linspace' or 'half-open', got 'centres'"):
        axis_coordinates(4, "centres")


def test_a_grid_is_written_row_by_row():
    grid = grid_positions((2, 3, 4))
    assert grid.shape == (24, 3)
    assert grid[0].tolist() == [-1, -1, -1]
    assert grid[1].tolist() == pytest.approx([-1, -1, -1 / 3])
    assert grid[4].tolist() == [-1, 0, -1]
    assert grid[12].tolist() == [1, -1, -1]


@pytest.mark.parametrize("convention", ["linspace", "half-open"])
def test_some_cells_are_the_rows_of_the_whole_grid(convention):
    cells = torch.tensor([7, 0, 23, 7])
    whole = grid_positions((4, 6), convention=convention)
    assert torch.equal(grid_positions((4, 6), cells, convention), whole[cells])


@pytest.mark.parametrize("dims", [(7,), (5, 6), (3, 4, 5)])
def test_fourier_features_are_those_of_transformers(dims):
    bands, resolution = 6, tuple(n + 3 for n in dims)
    theirs, grid = PerceiverFourierPositionEncoding(bands, resolution), grid_positions(dims)
    want = generate_fourier_features(grid[None], bands, resolution)[0]
    got = fourier_features(grid, bands, resolution)
    assert got.shape[-1] == theirs.output_size() == len(dims) * (2 * bands + 1)
    assert relative_error(got, want) < EXACT
    rounded = build_linear_positions(dims).flatten(0, -2)  # always in float32
    assert relative_error(grid, rounded) < torch.finfo(torch.float32).eps


def test_fourier_features_follow_the_formula():
    position, bands, resolution = 0.3, 4, 10
    got = fourier_features(torch.tensor([[position]]), bands, (resolution,))[0].tolist()
    pitches = [1 + k * (resolution / 2 - 1) / (bands - 1) for k in range(bands)]
    sines = [math.sin(math.pi * f * position) for f in pitches]
    cosines = [math.cos(math.pi * f * position) for f in pitches]
    assert got == pytest.approx([position, *sines, *cosines], abs=EXACT)


def test_every_sample_may_have_positions_of_its_own():
    positions = torch.rand(2, 5, 3) * 2 - 1
    together = fourier_features(positions, 4, (8, 9, 10))
    apart = torch.stack([fourier_features(one, 4, (8, 9, 10)) for one in positions])
    assert torch.equal(together, apart)
    assert not torch.equal(together[0], together[1])


def test_a_resolution_for_each_axis_is_asked_for():
    with pytest.raises(ValueError, match=r"max_resolution=\(8,\), got \[\d+, 2\]"):
        fourier_features(torch.zeros(5, 2), 4, (8,))


def test_fourier_positions_learn_nothing_and_are_not_saved():
    positions = FourierPositions((4, 5), num_bands=3)
    assert not list(positions.parameters()) and not positions.state_dict()
    assert positions().shape == (20, positions.num_channels) == (20, 14)
    assert torch.equal(positions(), fourier_features(grid_positions((4, 5)), 3, (4, 5)))


def test_fourier_positions_answer_for_another_grid_with_their_own_frequencies():
    positions = FourierPositions((4, 5), num_bands=3).double()
    assert positions((4, 5)) is positions()
    other = fourier_features(grid_positions((7, 3)), 3, (4, 5))
    torch.testing.assert_close(positions((7, 3)), other.double())


def test_the_resolution_of_fourier_positions_may_differ_from_the_grid():
    positions = FourierPositions((4, 5), num_bands=3, max_resolution=(224, 224))
    assert torch.equal(positions(), fourier_features(grid_positions((4, 5)), 3, (224, 224)))


def test_learned_positions_are_a_table_or_its_projection():
    plain = LearnedPositions((4, 5), channels=6)
    assert torch.equal(plain(), plain.table) and plain.num_channels == 6
    projected = LearnedPositions((4, 5), channels=6, projected_channels=7)
    assert torch.equal(projected(), projected.project(projected.table))
    assert projected().shape == (20, projected.num_channels) == (20, 7)


def test_learned_positions_start_small():
    table = LearnedPositions((100, 10), channels=8).table
    assert 0.017 < table.std() < 0.018, "cutting at two deviations leaves 0.88 of 0.02"
    assert table.abs().max() <= 0.04


def test_resizing_to_the_same_size_changes_nothing():
    table = torch.randn(20, 6)
    assert relative_error(resize_positions(table, (4, 5), (4, 5)), table) < EXACT


def test_resizing_a_square_table_is_what_transformers_does():
    theirs = PerceiverTrainablePositionEncoding(index_dims=25, num_channels=6)
    want = theirs.interpolate_pos_encoding(theirs.position_embeddings, 7, 4)
    assert torch.equal(resize_positions(theirs.position_embeddings, (5, 5), (7, 4)), want)


@pytest.mark.parametrize("old, new", [((6,), (11,)), ((2, 4, 5), (3, 8, 4))])
def test_one_and_three_axes_are_resized_linearly(old, new):
    ramp = grid_positions(old)[:, :1]
    resized = resize_positions(ramp, old, new)
    assert resized.shape == (math.prod(new), 1)
    along_first = resized.reshape(new[0], -1)[:, 0]
    assert (along_first.diff() >= 0).all() and -1 <= along_first[0] < along_first[-1] <= 1


@pytest.mark.parametrize(
    "rows, old, new", [(20, (4, 6), (8, 12)), (24, (4, 6), (24,)), (16, (2,) * 4, (4,) * 4)]
)
def test_a_table_that_does_not_fit_its_grid_is_refused(rows, old, new):
    with pytest.raises(ValueError, match=rf"got {rows} rows to become"):
        resize_positions(torch.zeros(rows, 3), old, new)


def test_a_grid_is_where_torch_was_told_though_transformers_changed_linspace(monkeypatch):
    known = torch.utils._device._device_constructors()
    monkeypatch.setattr(
        "torch.utils._device._device_constructors", lambda: known - {torch.linspace}
    )
    with torch.device("meta"):
        assert torch.linspace(0, 1, 2).device.type == "cpu"
        assert FourierPositions((3, 4), num_bands=2).features.device.type == "meta"


@pytest.mark.parametrize("index_dims", [(5,), (6, 8), (224, 3), (2, 3, 4)])
def test_bands_reach_the_resolution_of_their_own_grid_unless_another_is_said(index_dims):
    own, other = FourierPositions(index_dims, 3)(), FourierPositions(index_dims, 3, index_dims)()
    assert torch.equal(own, other)
    assert torch.equal(own, fourier_features(grid_positions(index_dims), 3, index_dims))
