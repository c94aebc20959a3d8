"""The Fourier explorer shows what is computed: waves in disguise, notes, and who is alike."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from perceiver_course.explorers.fourier import (
    FRAMES,
    KNOBS,
    Mosaic,
    alike_to,
    band_tiles,
    draw,
    seen_pitch,
)
from perceiver_tutorial.positions import fourier_features, grid_positions

START = {
    "num_dims": 2, "num_bands": 6, "max_resolution": 40, "num_cells": 24, "column": 15, "row": 9,
    "frame": 0,
}  # fmt: skip


def loudest(samples: np.ndarray) -> int:
    """Waves over the axis, as a Fourier transform hears them; first and last cell are one place."""
    return int(np.abs(np.fft.rfft(samples[:-1])).argmax())


def drawn(**changed):
    """The figure's bands, its map of who is alike, and the lines of its wave."""
    _, bands, alike, wave = draw(**{**START, **changed}).figure.axes
    return bands.images[0].get_array(), alike, wave.lines


@pytest.mark.parametrize("cells", [4, 8, 16, 24, 28])
def test_a_wave_is_seen_as_a_fourier_transform_hears_it(cells):
    met = np.linspace(-1, 1, cells)
    for pitch in map(float, range(1, 33)):
        seen, _ = seen_pitch(pitch, cells)
        assert loudest(np.cos(np.pi * pitch * met)) == seen
        assert seen <= (cells - 1) / 2


@pytest.mark.parametrize("max_resolution", [24, 25, 33, 40, 64])
def test_the_slow_wave_goes_through_every_dot(max_resolution):
    fast, slow, dots, _here = drawn(max_resolution=max_resolution)[2]
    met, heights = dots.get_data()
    np.testing.assert_allclose(np.interp(met, *slow.get_data()), heights, atol=0.01)
    assert np.abs(fast.get_ydata() - slow.get_ydata()).mean() > 0.1


def test_the_dots_are_the_fastest_cosine_of_the_columns():
    features = fourier_features(grid_positions((24, 24)), 6, (40, 40))
    dots, here = drawn()[2][2:]
    np.testing.assert_allclose(dots.get_ydata(), features[:24, -1], atol=1e-4)
    assert here.get_data()[0] == dots.get_xdata()[15]


@pytest.mark.parametrize("max_resolution, verdict", [
    (22, "Not aliased: 24 cells show at most 11.5 waves, the fastest band has 11."),
    (23, "Not aliased: 24 cells show at most 11.5 waves, the fastest band has 11.5."),
    (24, "Aliased: 24 cells show at most 11.5 waves; the fastest band has 12 and looks like 11."),
    (40, "Aliased: 24 cells show at most 11.5 waves; the fastest band has 20 and looks like 3."),
])  # fmt: skip
def test_it_says_whether_the_fastest_band_is_aliased(max_resolution, verdict):
    picture = draw(**{**START, "max_resolution": max_resolution})
    assert verdict in picture.alt
    words = {text.get_text() + "." for text in picture.figure.axes[0].texts}
    assert verdict in words
    assert len(picture.figure.axes[3].lines) == (4 if verdict.startswith("Aliased") else 3)


@pytest.mark.parametrize("dims, over", [(1, "24"), (2, "24 x 24"), (3, "6 x 24 x 24")])
def test_it_counts_channels(dims, over):
    picture = draw(**{**START, "num_dims": dims, "row": 9 if dims > 1 else 0})
    index_dims = (FRAMES, 24, 24)[-dims:]
    channels = fourier_features(grid_positions(index_dims), 6, index_dims).shape[1]
    title = f"{dims} x (2 x 6 + 1) = {channels} channels for each of {over} cells"
    assert picture.figure.axes[0].texts[0].get_text() == title


@pytest.mark.parametrize("place", [(7,), (2, 7), (1, 2, 7)])
def test_alike_is_the_cosine_of_two_notes(place):
    index_dims = (3, 5, 9)[-len(place) :]
    features = fourier_features(grid_positions(index_dims), 4, index_dims)
    cell = int(np.ravel_multi_index(place, index_dims))
    expected = cosine_similarity(features, features[cell], dim=-1)
    found = alike_to(features, index_dims, place)
    assert found.ndim == 3
    torch.testing.assert_close(found.flatten(), expected)
    assert found[(0, 0, *place)[-3:]].item() == pytest.approx(1)


def test_dots_lie_on_all_who_are_alike():
    picture = draw(**{**START, "num_bands": 2, "max_resolution": 22})
    features = fourier_features(grid_positions((24, 24)), 2, (22, 22))
    others = cosine_similarity(features, features[9 * 24 + 15], dim=-1) >= 0.9
    dots, here = picture.figure.axes[2].lines
    assert len(dots.get_xdata()) == others.sum() > 5
    assert f": {others.sum() - 1} of 575 others" in picture.alt
    image = picture.figure.axes[2].images[0].get_array()
    (x,), (y,) = here.get_data()
    assert image[round(y), round(x)] == pytest.approx(1)
    for x, y in zip(*dots.get_data(), strict=True):
        assert image[round(y), round(x)] >= 0.9


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_tiles_are_the_channels_in_their_order(dims):
    index_dims, place = (3, 5, 9)[-dims:], (1, 2, 7)[-dims:]
    features = fourier_features(grid_positions(index_dims), 4, index_dims)
    tiles = band_tiles(features, index_dims, place)
    cell = int(np.ravel_multi_index(place, index_dims))
    row, column = (0, *place)[-2:]
    torch.testing.assert_close(tiles[:, :, row, column].flatten(), features[cell, dims:])


def test_more_than_eight_bands_are_shown_by_the_slowest_the_fastest_and_six_between():
    canvas = drawn(num_bands=32, num_cells=28)[0]
    features = fourier_features(grid_positions((28, 28)), 32, (40, 40))
    first_row_of_sin_x = np.ma.getdata(canvas)[61, :56:2]
    np.testing.assert_allclose(first_row_of_sin_x, features[:28, 2 + 32], atol=1e-6)
    last = np.ma.getdata(canvas)[3 * 61, 7 * 61 : 7 * 61 + 56 : 2]
    np.testing.assert_allclose(last, features[:28, -1], atol=1e-6)


def test_a_cell_is_found_where_it_was_drawn():
    tiles = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    mosaic = Mosaic(tiles, (30, 33))
    cells = torch.ones_like(tiles).nonzero()
    canvas = mosaic.canvas
    for cell, x, y in zip(cells, *mosaic.middles(cells), strict=True):
        assert canvas[round(y), round(x)] == tiles[tuple(cell)]
    assert np.isfinite(canvas).sum() == tiles.numel() * mosaic.cell[0] * mosaic.cell[1]


def test_there_is_no_frame_and_no_row_where_there_is_no_such_axis():
    for dims, axes in {1: {"column"}, 2: {"column", "row"}, 3: {"column", "row", "frame"}}.items():
        settings = {**START, "num_dims": dims}
        moving = {n for n in ("column", "row", "frame") if KNOBS[n](settings).high > 0}
        assert moving == axes
    words = [text.get_text() for text in draw(**{**START, "num_dims": 1}).figure.axes[0].texts]
    assert "how alike column 15 is to all" in words
