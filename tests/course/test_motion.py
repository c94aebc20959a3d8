"""Frames that move as their truth says: looked up where it points, they are the same again."""

from dataclasses import replace

import pytest
import torch

from perceiver_course.chapters.flow.model import tv_l1
from perceiver_course.chapters.flow.pictures import draw_flow
from perceiver_course.kit import samples
from perceiver_course.kit.motion import filmed, moving_pairs, still, warp

TEXTURES = samples.textures()


def with_motion(**parts):
    return replace(still(1), **{name: torch.tensor([value]) for name, value in parts.items()})


def inside(values, margin=6):
    return values[..., margin:-margin, margin:-margin]


# -- the truth -----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [
    {}, {"max_turn": 0.05}, {"max_turn": 0.05, "with_disc": True}, {"max_shift": 6.0},
])  # fmt: skip
def test_every_pixel_in_sight_is_found_where_the_truth_points(options):
    pairs = moving_pairs(TEXTURES.test, 64, (20, 24), seed=3, **options)
    later = warp(pairs.frames[:, 1], pairs.flow)
    error, still_there = (
        (frame - pairs.frames[:, 0]).abs().mean(1) for frame in (later, pairs.frames[:, 1])
    )
    assert error[pairs.in_sight].median() < 0.015
    assert error[pairs.in_sight].mean() < 0.25 * still_there[pairs.in_sight].mean()
    assert error[~pairs.in_sight].mean() > 2 * error[pairs.in_sight].mean()


def test_on_a_slope_of_colour_the_truth_is_exact():
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(80.0), indexing="ij")
    slope = torch.stack([x, y, x + y])[None] / 100
    moved = filmed(slope, with_motion(shift=[1.3, -0.7], turn=0.1, zoom=1.1), (20, 24))
    warped = warp(moved.frames[:, 1], moved.flow)
    seen = moved.in_sight[:, None].expand_as(warped)
    torch.testing.assert_close(warped[seen], moved.frames[:, 0][seen], atol=1e-5, rtol=1e-5)


def test_a_shift_of_whole_pixels_moves_pixels():
    photograph = torch.rand(1, 3, 31, 41)
    pairs = filmed(photograph, with_motion(shift=[2.0, -3.0]), (11, 15))
    earlier, later = pairs.frames[0]
    torch.testing.assert_close(earlier, photograph[0, :, 10:21, 13:28], atol=1e-5, rtol=0)
    torch.testing.assert_close(later[:, :-3, 2:], earlier[:, 3:, :-2], atol=1e-5, rtol=0)
    assert (pairs.flow == torch.tensor([2.0, -3.0])).all()
    assert pairs.in_sight[0, 3:, :-2].all() and pairs.in_sight.sum() == 8 * 13


def test_flow_is_right_then_down_and_turns_clockwise():
    flow = filmed(torch.rand(1, 3, 50, 60), with_motion(turn=0.02), (21, 31)).flow[0]
    assert flow[0, 15, 0] > 0 and flow[20, 15, 0] < 0
    assert flow[10, 30, 1] > 0 and flow[10, 0, 1] < 0
    torch.testing.assert_close(flow[10, 15], torch.zeros(2), atol=1e-6, rtol=0)


def test_a_zoom_moves_everything_away_from_the_middle():
    flow = filmed(torch.rand(1, 3, 50, 60), with_motion(zoom=1.1), (21, 31)).flow[0]
    torch.testing.assert_close(flow[10, 30], torch.tensor([1.5, 0.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(flow[0, 15], torch.tensor([0.0, -1.0]), atol=1e-5, rtol=0)


def test_points_come_back():
    motion = replace(still(2), turn=torch.tensor([0.3, -0.1]), shift=torch.randn(2, 2))
    points = torch.randn(2, 7, 2)
    torch.testing.assert_close(motion.back(motion.there(points)), points, atol=1e-5, rtol=1e-4)


# -- random pairs --------------------------------------------------------------------------


def test_a_seed_films_the_same_again():
    first, again, other = (moving_pairs(TEXTURES.train, 5, seed=s) for s in (1, 1, 2))
    assert torch.equal(first.frames, again.frames) and torch.equal(first.flow, again.flow)
    assert not torch.equal(first.flow, other.flow)


def test_motion_keeps_to_its_limits_and_fills_them():
    flow = moving_pairs(TEXTURES.train, 300, max_shift=2.5).flow
    assert 2.4 < flow.abs().max() <= 2.5 and flow.mean().abs() < 0.2
    assert (flow - flow[:, :1, :1]).abs().max() < 1e-5
    turned = moving_pairs(TEXTURES.train, 300, max_shift=0.0, max_turn=0.05).flow
    assert 0.5 < turned.abs().max() < 1.1


def test_a_disc_moves_in_its_own_way_before_the_ground():
    plain, with_disc = (
        moving_pairs(TEXTURES.train, 20, max_shift=2.5, seed=4, with_disc=d) for d in (False, True)
    )
    motions = [len(flow.reshape(-1, 2).mul(1e3).round().unique(dim=0)) for flow in with_disc.flow]
    assert motions == [2] * 20
    changed = (plain.flow != with_disc.flow).any(-1).float().mean()
    assert 0.05 < changed < 0.5
    assert with_disc.in_sight.sum() < plain.in_sight.sum()


def test_photographs_without_room_are_refused():
    with pytest.raises(ValueError, match=r"photographs of at least 35 pixels.*got 30 x 80"):
        moving_pairs(torch.rand(1, 3, 30, 80), 1)


# -- photographs ---------------------------------------------------------------------------


def test_textures_are_nine_and_four_and_none_is_in_both():
    assert TEXTURES.train.shape == (9, 3, 120, 160) and TEXTURES.test.shape == (4, 3, 120, 160)
    assert TEXTURES.train.min() >= -1 and TEXTURES.test.max() <= 1
    distances = torch.cdist(TEXTURES.train.flatten(1), TEXTURES.test.flatten(1))
    assert distances.min() > 50


def test_the_stereo_pair_agrees_with_its_measurement():
    pair = samples.stereo_motorcycle()
    assert pair.frames.shape == (2, 3, 41, 58) and pair.known.float().mean() > 0.95
    moved = pair.flow[pair.known]
    assert -2.5 < moved[:, 0].min() < -2 and 2 < moved[:, 0].max() < 2.5
    assert not moved[:, 1].any() and not pair.flow[~pair.known].any()
    errors = [
        (warp(pair.frames[1:], flow[None])[0] - pair.frames[0]).abs().mean(0)[pair.known].mean()
        for flow in (pair.flow, 0 * pair.flow, -pair.flow)
    ]
    assert errors[0] < 0.5 * errors[1] < 0.5 * errors[2]


def test_a_stereo_pair_that_vanishes_is_refused():
    with pytest.raises(ValueError, match=r"got shrink=0, shift=34"):
        samples.stereo_motorcycle(shrink=0)
    with pytest.raises(ValueError, match=r"got shrink=12, shift=740"):
        samples.stereo_motorcycle(shift=740)


def test_the_classical_method_answers_in_our_units_and_order():
    photograph = TEXTURES.test[:1]
    pair = filmed(photograph, with_motion(shift=[2.0, -1.0]), (50, 70))
    found = inside(tv_l1(*pair.frames[0]).movedim(-1, 0)).flatten(1).median(1).values
    torch.testing.assert_close(found, torch.tensor([2.0, -1.0]), atol=0.25, rtol=0)


def test_a_drawn_field_is_told_as_right_then_down():
    pair = filmed(TEXTURES.test[:1], with_motion(shift=[2.0, -1.0]), (10, 14))
    told = draw_flow(pair.frames[0], {"truth": pair.flow[0]}).alt
    assert "truth, on average 2.0 right and -1.0 down" in told
