"""What the explorer of flow draws is motion as it was made, and what the model says of it."""

import io
from math import cos, degrees, pi, radians, sin

import numpy as np
import pytest
import torch
from PIL import Image
from pixels import same_picture

from perceiver_course.explorers.explorer import corners
from perceiver_course.explorers.flow import (
    KNOBS,
    PHOTOGRAPHS,
    SIDE,
    SIZE,
    draw,
    flow,
    moved,
    own_texture,
)
from perceiver_course.explorers.flow import told as found_flow
from perceiver_course.kit import samples
from perceiver_course.kit.motion import warp
from perceiver_course.kit.recipes.flow import MAX_SHIFT, MAX_TURN
from perceiver_course.kit.wheel import flow_colours
from perceiver_course.recipes import trained
from perceiver_tutorial.perceiver import local_contrast_normalisation, predict_flow

# A turn by 10 degrees moves a pixel (x, y) by this much along the one axis and the other.
_X, _Y = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in SIZE))
_SINE, _REST = sin(radians(10)), 1 - cos(radians(10))
TOO_FAR = np.mean(np.maximum(abs(_SINE * _Y + _REST * _X), abs(_SINE * _X - _REST * _Y)) > 2.5)
MOTIONS = [(2.5, 0.0, 0.0), (-1.25, 3.5, 0.0), (0.0, 0.0, 10.0), (0.5, -2.0, -4.0)]


def texture(number=1):
    return samples.textures().test[number]


def smooth_texture():
    """A photograph made of slow waves, so that reading between pixels loses next to nothing."""
    y, x = torch.meshgrid(torch.arange(120.0), torch.arange(160.0), indexing="ij")
    return torch.stack([(x / 9).sin(), (y / 7).cos(), ((x + y) / 11).sin()]) * 0.9


def panels(picture):
    """The six pictures in a picture, upper row first, as [height, width, colours]."""
    return [np.asarray(image.get_array()) for image in picture.figure.axes[0].images]


@pytest.mark.parametrize("right, down", [(2.5, 0.0), (-1.25, 3.5), (5.0, -5.0), (0.0, 0.0)])
def test_a_pure_shift_is_the_same_everywhere(right, down):
    truth = moved(texture(), right, down, 0.0).flow[0]
    torch.testing.assert_close(truth, torch.tensor([right, down]).expand(*SIZE, 2))


@pytest.mark.parametrize("turn", [-10.0, -0.5, 3.0, 10.0])
def test_a_turn_is_a_chord_across_the_radius(turn):
    truth = moved(texture(), 0.0, 0.0, turn).flow[0].double()
    y, x = torch.meshgrid(*(torch.arange(n) - (n - 1) / 2 for n in SIZE), indexing="ij")
    angle = radians(turn)
    wanted = torch.stack([(cos(angle) - 1) * x - sin(angle) * y,
                          sin(angle) * x + (cos(angle) - 1) * y], -1)  # fmt: skip
    torch.testing.assert_close(truth, wanted.double(), atol=1e-4, rtol=0)
    # Perpendicular to the radius halfway of the turn: that of the chord's middle.
    middle = torch.stack([x, y], -1) + truth / 2
    assert (middle * truth).sum(-1).abs().max() < 1e-3
    # Clockwise as one sees it: what is on the right goes down.
    assert (truth[SIZE[0] // 2, -1, 1] > 0) == (turn > 0)


@pytest.mark.parametrize("motion", MOTIONS)
def test_fetching_the_later_frame_along_the_true_flow_gives_the_earlier(motion):
    pair = moved(smooth_texture(), *motion)
    earlier, later = pair.frames.unbind(1)
    seen = pair.in_sight[0]

    def off(flow):
        return (warp(later, flow) - earlier).abs().mean(1)[0][seen].max()

    assert off(pair.flow) < 0.03
    assert off(0 * pair.flow) > 0.1
    assert off(-pair.flow) > 0.2


@pytest.mark.parametrize("number", range(len(PHOTOGRAPHS)))
def test_photographs_come_back_nearly(number):
    pair = moved(texture(number), 0.5, -2.0, -4.0)
    earlier, later = pair.frames.unbind(1)
    off = [(warp(later, flow) - earlier).abs().mean(1)[pair.in_sight].mean()
           for flow in (pair.flow, 0 * pair.flow, -pair.flow)]  # fmt: skip
    assert off[0] < 0.5 * min(off[1:])


def test_both_flows_are_drawn_in_the_wheels_colours():
    picture = draw(1.0, -0.5, 6.0, "bricks", None)
    pair = moved(texture(2), 1.0, -0.5, 6.0)
    found = predict_flow(trained("flow"), *local_contrast_normalisation(pair.frames[0]))
    fastest = float(pair.flow.norm(dim=-1).max().ceil())
    earlier, later, _key, truth_drawn, found_drawn, errors = panels(picture)
    for drawn, motion in ((truth_drawn, pair.flow[0]), (found_drawn, found)):
        np.testing.assert_allclose(drawn, flow_colours(motion, fastest).clamp(0, 1), atol=1e-5)
    for drawn, frame in zip((earlier, later), pair.frames[0], strict=True):
        np.testing.assert_allclose(drawn, (frame.movedim(0, -1) + 1).clamp(0, 2) / 2, atol=1e-5)
    off = (found - pair.flow[0]).norm(dim=-1)
    assert np.corrcoef(errors[..., 0].ravel(), off.flatten())[0, 1] < -0.999
    assert f"off by {off.mean():.2f} pixels" in words(picture)


def words(picture):
    return " ".join(text.get_text() for text in picture.figure.axes[0].texts)


def test_arrows_point_where_the_motion_goes():
    quiver = next(c for c in draw(1.0, 2.0, 0.0, "bricks", None).figure.axes[0].collections
                  if hasattr(c, "U"))  # fmt: skip
    in_truth = len(quiver.U) // 2
    np.testing.assert_allclose(quiver.U[:in_truth], 1.0, atol=1e-5)
    np.testing.assert_allclose(quiver.V[:in_truth], -2.0, atol=1e-5)  # the paper's y goes up


def test_points_of_the_later_frame_lie_where_the_flow_takes_them():
    picture = draw(3.0, -2.0, 0.0, "bricks", None)
    starts, ends = (np.stack(line.get_data(), -1) for line in picture.figure.axes[0].lines[1:])
    wanted = np.tile([3.0, 2.0], (len(starts), 1)) * SIDE / SIZE[0]
    np.testing.assert_allclose(ends - starts, wanted, atol=1e-4)


@pytest.mark.parametrize("motion, said", [
    ((2.5, -2.5, 0.0), "Within its training: shifts up to 2.5 pixels, turns up to 2.9°."),
    ((2.75, 0.0, 0.0), "Beyond its training (2.5 pixels, 2.9°): all pixels too far."),
    ((0.0, 0.0, 3.0), "Beyond its training (2.5 pixels, 2.9°): a turn of 3°."),
    ((0.0, 0.0, -10.0), f"a turn of 10°, {TOO_FAR:.0%} of the pixels too far (outlined)."),
])  # fmt: skip
def test_it_says_whether_the_model_has_met_such_motion(motion, said):
    assert said in draw(*motion, "bricks", None).alt
    assert (MAX_SHIFT, round(degrees(MAX_TURN), 1)) == (2.5, 2.9)


def test_a_line_goes_around_the_pixels_that_go_too_far():
    truth = moved(texture(2), 0.0, 0.0, 10.0).flow[0]
    too_far = truth.abs().amax(-1) > MAX_SHIFT
    edges = (too_far[1:] != too_far[:-1]).sum() + (too_far[:, 1:] != too_far[:, :-1]).sum()
    sizes = [
        len(c.get_paths()) for c in draw(0.0, 0.0, 10.0, "bricks", None).figure.axes[0].collections
    ]
    assert 3 * edges.item() in sizes


def test_the_model_is_good_where_it_learned_and_lost_beyond():
    def error(*motion):
        pair = moved(texture(1), *motion)
        return (found_flow(pair.frames[0]) - pair.flow[0]).norm(dim=-1).mean().item()

    assert error(1.5, 0.0, 0.0) < 0.5
    assert error(5.0, 0.0, 0.0) > 2


def content(size=(300, 200), kind="PNG"):
    buffer = io.BytesIO()
    angle = np.linspace(0, 8 * pi, size[0])[None] + np.linspace(0, 5, size[1])[:, None]
    Image.fromarray(np.uint8(127 + 100 * np.sin(angle))).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (160, 120), (1000, 20)])
def test_pictures_of_any_size_can_be_brought(size):
    own = own_texture(content(size))
    assert own.shape == (3, 120, 160) and own.abs().max() <= 1
    assert "End-point error" in draw(1.0, 0.0, 0.0, "bricks", content(size)).alt


def test_an_own_picture_takes_the_photographs_place_until_it_is_forgotten():
    explorer = flow()
    before = explorer.picture.png
    explorer.turn(own=content())
    assert not same_picture(explorer.picture.png, before)
    explorer.turn(own=None)
    assert same_picture(explorer.picture.png, before)


def test_what_is_no_picture_is_refused_with_a_sentence():
    explorer = flow()
    explorer.turn(own=b"hello")
    assert "expected a picture, as PNG, JPEG or WebP, got 5 bytes" in explorer._note.value


def test_there_are_as_many_names_as_photographs():
    assert len(PHOTOGRAPHS) == len(samples.textures().test)
    assert len(list(corners(KNOBS))) == 2 * 2 * 2 * len(PHOTOGRAPHS)
