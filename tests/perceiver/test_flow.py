"""Photographs of any size, tile by tile, are answered as if the model knew all of them at once."""

import random

import numpy as np
import pytest
import torch
from shaken import shake
from tiny import CONFIGS
from torch import nn

from perceiver_tutorial.perceiver import (
    build,
    flow_in_pixels,
    flow_patches,
    local_contrast_normalisation,
    predict_flow,
)
from perceiver_tutorial.perceiver.flow_tiles import (
    PIXELS_PER_UNIT,
    blend,
    tile_corners,
    tile_weights,
)

CONFIG = CONFIGS["optical flow"]
TILE = CONFIG.image_size


@pytest.fixture
def model():
    torch.manual_seed(0)
    return shake(build(CONFIG)).eval()


def photographs(*size):
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(*size, generator=generator) * 2 - 1 for _ in range(2))


class ReadsItsPlace(nn.Module):
    """A model that knows everything: red and green tell it where it is, and so how it moves."""

    config = CONFIG

    def forward(self, patches):
        red, green = patches[:, 0, 12], patches[:, 0, 13]
        return torch.stack([red, green - 0.5 * red], dim=-1) / PIXELS_PER_UNIT


def places(height, width):
    """A photograph whose red is its column and whose green is its row."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y, 0 * x]).float()


# -- one tile ------------------------------------------------------------------------------


def test_pixels_are_20_times_what_the_model_answers(model):
    frames = torch.stack([*photographs(2, 3, *TILE)], dim=1)
    torch.testing.assert_close(flow_in_pixels(model, frames), 20 * model(flow_patches(frames)))


def test_a_photograph_of_one_tile_is_given_to_the_model_as_it_is(model):
    earlier, later = photographs(2, 3, *TILE)
    want = flow_in_pixels(model, torch.stack([earlier, later], dim=1))
    torch.testing.assert_close(predict_flow(model, earlier, later), want)


# -- many tiles ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(6, 8), (7, 8), (6, 20), (13, 21), (30, 17)])
@pytest.mark.parametrize("overlap", [0, 2, 5, None])
def test_tiles_that_agree_are_blended_exactly(size, overlap):
    photograph = places(*size)
    flow = predict_flow(ReadsItsPlace(), photograph, photograph, overlap=overlap)
    x, y, _ = photograph
    torch.testing.assert_close(flow, torch.stack([x, y - 0.5 * x], dim=-1), atol=1e-4, rtol=1e-5)


def test_where_tiles_disagree_the_nearer_middle_counts_more():
    flows = torch.stack([torch.zeros(1, 3, 6, 2), torch.ones(1, 3, 6, 2)])
    row = blend(flows, [(0, 0), (0, 2)], (3, 8))[0, 1, :, 0]
    assert row[:2].tolist() == [0, 0] and row[-2:].tolist() == [1, 1]
    assert (row.diff() >= 0).all() and row[3] == pytest.approx(0.5) and row[2] < 0.5 < row[5]


def test_blending_is_a_weighted_mean_written_out():
    torch.manual_seed(0)
    flows, corners = torch.randn(2, 1, 3, 4, 2), [(0, 0), (1, 2)]
    found = blend(flows, corners, (4, 6))
    for y, x in [(0, 0), (1, 2), (2, 3), (3, 5)]:
        total = weight = 0.0
        for flow, (top, left) in zip(flows, corners, strict=True):
            if 0 <= y - top < 3 and 0 <= x - left < 4:
                border = (y - top + 1, top + 3 - y, x - left + 1, left + 4 - x)
                total = total + min(border) * flow[0, y - top, x - left]
                weight += min(border)
        torch.testing.assert_close(found[0, y, x], total / weight)


def test_a_batch_is_answered_as_its_photographs_one_by_one(model):
    earlier, later = photographs(3, 3, 9, 19)
    together = predict_flow(model, earlier, later)
    for number in range(3):
        alone = predict_flow(model, earlier[number], later[number])
        torch.testing.assert_close(together[number], alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("tiles_at_once", [1, 2, 100])
def test_how_many_tiles_are_answered_at_once_changes_nothing(model, tiles_at_once):
    earlier, later = photographs(2, 3, 13, 19)
    want = predict_flow(model, earlier, later)
    found = predict_flow(model, earlier, later, tiles_at_once=tiles_at_once)
    torch.testing.assert_close(found, want, atol=1e-5, rtol=1e-4)


def test_no_gradients_are_kept(model):
    assert not predict_flow(model, *photographs(3, 7, 9)).requires_grad


# -- where tiles lie -----------------------------------------------------------------------


def test_the_published_demo_has_six_tiles():
    found = tile_corners((436, 1024), (368, 496), overlap=20)
    assert found == [(y, x) for y in (0, 68) for x in (0, 476, 528)]


def test_tiles_cover_any_picture_and_share_enough():
    draw = random.Random(0)
    for _ in range(300):
        tile = draw.randint(2, 12), draw.randint(2, 12)
        size = tile[0] + draw.randint(0, 40), tile[1] + draw.randint(0, 40)
        overlap = draw.randrange(min(tile))
        corners = tile_corners(size, tile, overlap)
        seen = torch.zeros(size)
        for y, x in corners:
            part = seen[y : y + tile[0], x : x + tile[1]]
            assert part.shape == tile
            part += 1
        assert (seen > 0).all() and len(set(corners)) == len(corners)
        for starts, side in zip(zip(*corners, strict=True), tile, strict=True):
            steps = torch.tensor(sorted(set(starts))).diff()
            assert (side - steps >= overlap).all()


def test_every_pixel_of_a_tile_counts_and_the_middle_most():
    weights = tile_weights((5, 8))
    assert weights.min() == 1 == weights[0, 3] and weights.max() == 3 == weights[2, 3]
    assert torch.equal(weights, weights.flip(0)) and torch.equal(weights, weights.flip(1))


# -- what enters ---------------------------------------------------------------------------


@pytest.mark.usefixtures("without_shape_checks")
def test_photographs_of_different_shapes_are_refused(model):
    with pytest.raises(ValueError, match=r"of one shape, got \[3, 9, 9\] and \[3, 9, 10\]"):
        predict_flow(model, torch.zeros(3, 9, 9), torch.zeros(3, 9, 10))
    with pytest.raises(ValueError, match=r"two batches of them"):
        predict_flow(model, torch.zeros(9, 9), torch.zeros(9, 9))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("bad, error, message", [
    ("a", TypeError, r"expected photographs \[batch, 3, height, width\], got str\."),
    (np.zeros((3, 9, 9)), TypeError, r"got ndarray\. Make it a tensor"),
    (torch.zeros(3, 9, 9).byte(), ValueError, r"got uint8 numbers\. Measured values are floats"),
    (torch.zeros(9, 9, 3), ValueError, r"Colours come before height and width"),
    (torch.zeros(1, 9, 9), ValueError, r"got \[1, 1, 9, 9\]\. Colours are red, green, blue"),
])  # fmt: skip
def test_only_photographs_are_taken(model, bad, error, message):
    with pytest.raises(error, match=message):
        predict_flow(model, bad, bad)
    if error is TypeError:
        with pytest.raises(error, match=message):
            predict_flow(model, torch.zeros(3, 9, 9), bad)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("number", [0, -1, 2.5, "x", None])
def test_tiles_at_once_are_at_least_one(model, number):
    with pytest.raises(ValueError, match=rf"tiles_at_once as a whole.*at least 1, got '?{number}"):
        predict_flow(model, torch.zeros(3, 9, 9), torch.zeros(3, 9, 9), tiles_at_once=number)


def test_a_photograph_smaller_than_a_tile_is_refused(model):
    with pytest.raises(ValueError, match=r"at least 6 x 8 pixels.*got 5 x 30\. Enlarge"):
        predict_flow(model, torch.zeros(3, 5, 30), torch.zeros(3, 5, 30))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("overlap", [-1, 6, 2.5, "x"])
def test_an_overlap_that_does_not_fit_is_refused(model, overlap):
    with pytest.raises(ValueError, match=rf"an overlap from 0 to 5.*got '?{overlap}"):
        predict_flow(model, torch.zeros(3, 9, 9), torch.zeros(3, 9, 9), overlap=overlap)


# -- contrast ------------------------------------------------------------------------------


def test_evened_photographs_have_no_light_and_shade():
    torch.manual_seed(0)
    texture = torch.rand(2, 3, 40, 50)
    evened = local_contrast_normalisation(texture)
    assert evened.shape == texture.shape and evened.mean().abs() < 0.02
    assert evened.std() == pytest.approx(0.85, abs=0.1)
    dim = local_contrast_normalisation(0.5 * texture - 0.3)
    assert (dim - evened).abs().max() < 0.6 and (dim - evened).abs().mean() < 0.15
    assert local_contrast_normalisation(torch.full((3, 20, 20), 0.7)).abs().max() < 1e-4


def test_what_is_evened_depends_on_what_is_near_only():
    torch.manual_seed(0)
    photograph = torch.rand(3, 30, 60)
    other = photograph.clone()
    other[..., 40:] = 1
    same = local_contrast_normalisation(photograph, radius=3) == local_contrast_normalisation(
        other, radius=3
    )
    assert same[..., : 40 - 2 * 3].all() and not same[..., 41:].any()


def test_a_photograph_too_small_to_even_out_is_refused():
    with pytest.raises(ValueError, match=r"more than 8 pixels either way, got 8 x 30"):
        local_contrast_normalisation(torch.zeros(3, 8, 30))
