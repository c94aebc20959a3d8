"""What a picture says along its axes is what stands there: x on x, rows downwards, scales told."""

import numpy as np
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.quiver import Quiver
from torch.nn.functional import cosine_similarity

from perceiver_course.chapters.convolution.pictures import draw_fields
from perceiver_course.chapters.decoders.pictures import draw_pixel_questions
from perceiver_course.chapters.extending.pictures import draw_waves
from perceiver_course.chapters.feature_maps.pictures import draw_segments
from perceiver_course.chapters.flow.pictures import (
    draw_flow,
    draw_flow_errors,
)
from perceiver_course.chapters.multimodal.pictures import draw_tradeoff
from perceiver_course.chapters.point_clouds.pictures import draw_clouds
from perceiver_course.chapters.positions.pictures import draw_code
from perceiver_course.explorers.costs import MAPS, WORK, _flops_of
from perceiver_course.explorers.costs import draw as draw_costs
from perceiver_course.explorers.flow import draw_motion
from perceiver_course.kit.charts import (
    draw_coordinates,
    draw_lines,
    draw_losses,
    draw_seeds,
    draw_table,
)
from perceiver_course.kit.images import (
    as_shown,
    draw_attention,
    draw_images,
    draw_maps,
)
from perceiver_course.kit.position_pictures import draw_bands, draw_similarities
from perceiver_course.kit.wheel import flow_colours

X, Y = torch.tensor([1.0, 2.0, 5.0]), torch.tensor([7.0, 3.0, 4.0])
SIZES, VALUES, LAW = [16, 64, 256], [3, 5, 6], [2, 4, 8]
HIGH, WIDE = 3, 5
PLACE = ROW, COLUMN = 1, 4
SPOT = torch.zeros(HIGH, WIDE)
SPOT[PLACE] = 1.0
ROWS = torch.randn(HIGH * WIDE, 6, generator=torch.Generator().manual_seed(0))


def lines(picture):
    """Data of everything drawn as a line with a name or marks, in data of its axes."""
    drawn = [line for axes in picture.figure.axes for line in axes.lines]
    return [(np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in drawn]


def images(picture):
    return [image for axes in picture.figure.axes for image in axes.images]


def words(picture):
    """What is written, and where, in data of its axes."""
    texts = [text for axes in picture.figure.axes for text in axes.texts]
    return {text.get_text(): text.get_position() for text in texts}


def names(picture):
    """What the first axes say along x and y."""
    axes = picture.figure.axes[0]
    return axes.get_xlabel(), axes.get_ylabel()


def colour_at(image, x, y):
    """What an image shows at a place, in data of its axes."""
    left, right, bottom, top = image.get_extent()
    high, wide = image.get_array().shape[:2]
    row, column = (top - y) / (top - bottom) * high, (x - left) / (right - left) * wide
    return image.get_array()[int(row), int(column)]


# --- curves -------------------------------------------------------------------------------------

CURVES = {
    "lines": lambda: draw_lines({"": {"f": Y}}, X, ("size", "error")),
    "trade-off": lambda: draw_tradeoff(
        {"a": (1.0, 7.0), "b": (2.0, 3.0), "c": (5.0, 4.0)}, {}, ("lost", "won")
    ),
    "growth": lambda: draw_lines({"": {"f": [7, 3, 4]}}, [1, 2, 5], ("inputs (M)", "bytes")),
    "growth and its law": lambda: draw_lines(
        {"": {"g": [9, 9, 9], "f": [7, 3, 4]}}, [1, 2, 5], looks={"f": "formula"}
    ),
}


@pytest.mark.parametrize("name", CURVES)
def test_what_changes_runs_to_the_right_and_what_is_found_upwards(name):
    x, y = lines(CURVES[name]())[-1]
    assert x.tolist() == X.tolist() and y.tolist() == Y.tolist()


@pytest.mark.parametrize("name, said", [
    ("lines", ("size", "error")),
    ("trade-off", ("lost", "won")),
    ("growth", ("inputs (M)", "bytes")),
])  # fmt: skip
def test_axes_are_called_what_runs_along_them(name, said):
    assert names(CURVES[name]()) == said


def test_levels_lie_and_marks_stand():
    picture = draw_lines({"": {"f": Y}}, X, levels={"low": 3.5}, marks={"here": 2.0})
    (_, height), (place, _) = lines(picture)[1:]
    assert height.tolist() == [3.5, 3.5] and place.tolist() == [2.0, 2.0]


def test_the_loss_runs_upwards_over_the_steps():
    picture = draw_losses([4.0, 2.0, 1.0])
    x, y = lines(picture)[0]
    assert x.tolist() == [0, 1, 2] and y.tolist() == [4.0, 2.0, 1.0]
    assert names(picture) == ("step", "loss")


def test_scores_of_seeds_run_to_the_right_each_way_in_its_row():
    picture = draw_seeds({"a": [0.1, 0.3], "b": [0.7, 0.9]}, "score")
    dots = [xy for xy in lines(picture) if len(xy[0]) == 2 and xy[0][0] != xy[0][1]]
    assert [x.tolist() for x, _ in dots] == [[0.1, 0.3], [0.7, 0.9]]
    assert [y.tolist() for _, y in dots] == [[0, 0], [1, 1]]
    assert names(picture)[0] == "score" and picture.figure.axes[0].yaxis_inverted()


def test_coordinates_run_along_the_line():
    (x, y), *_ = lines(draw_coordinates({"a": torch.tensor([-1.0, 0.0, 1.0])}))
    assert x.tolist() == [-1, 0, 1] and y.tolist() == [0, 0, 0]


def test_the_explorer_of_costs_has_operations_left_and_bytes_right():
    picture = draw_costs(64, 32, 64, 2, 16)
    places = words(picture)
    assert WORK.left - 1 < places["operations"][0] < WORK.left + WORK.wide
    assert MAPS.left - 1 < places["bytes of one map"][0] < MAPS.left + MAPS.wide
    assert any(
        np.allclose((x[0], y[0]), WORK.place(16, _flops_of(32, 64, 2)(16)["all read all"]))
        for x, y in lines(picture)
    )


# --- pictures on a grid -------------------------------------------------------------------------

ON_GRIDS = {
    "maps": lambda: draw_maps({"a": [SPOT]}, ["one"]),
    "coloured maps": lambda: draw_maps({"a": [SPOT.expand(3, -1, -1)]}, ["one"]),
    "bands": lambda: draw_bands(SPOT.reshape(-1, 1), (HIGH, WIDE), (0,)),
    "similarities": lambda: draw_similarities({"a": ROWS}, (HIGH, WIDE), PLACE),
    "images": lambda: draw_images(SPOT.expand(1, 3, -1, -1), ["one"]),
    "errors": lambda: draw_flow_errors(
        {"a": SPOT[..., None].expand(-1, -1, 2)}, torch.zeros(HIGH, WIDE, 2)
    ),
    "segments": lambda: draw_segments(
        SPOT.expand(1, 3, -1, -1), {"truth": SPOT[None].long()}, ["ground", "disc"]
    ),
    "pixels that ask": lambda: draw_pixel_questions(
        SPOT.expand(3, -1, -1), [PLACE], torch.tensor([[0.2, 0.8]])
    ),
    "fields": lambda: draw_fields(SPOT.expand(3, -1, -1), {"a": [SPOT > 0]}),
}
OPAQUE = {
    "attention": lambda: draw_attention(torch.rand(3, HIGH, WIDE), SPOT[None], ["a"]),
    "attention map": lambda: draw_attention(torch.rand(1, 3, HIGH, WIDE), SPOT[None, None], ["a"]),
}
MARKED = {
    "similarities": ON_GRIDS["similarities"],
    "the pixel that asks": lambda: draw_attention(
        torch.rand(3, HIGH, WIDE), SPOT[None], ["a"], asking=[PLACE]
    ),
}


@pytest.mark.parametrize("draw", ON_GRIDS.values(), ids=ON_GRIDS)
def test_rows_run_downwards_and_columns_to_the_right(draw):
    shown = images(draw())[0]
    array = np.asarray(shown.get_array(), dtype=float)
    grey = array.mean(-1) if array.ndim == 3 else array
    assert grey.shape == (HIGH, WIDE)
    assert np.unravel_index(grey.argmax(), grey.shape) == PLACE
    assert shown.origin == "upper" and shown.axes.yaxis_inverted()
    assert [*shown.get_extent()] == [-0.5, WIDE - 0.5, HIGH - 0.5, -0.5]


@pytest.mark.parametrize("draw", OPAQUE.values(), ids=OPAQUE)
def test_attention_lies_over_the_pixel_that_is_read(draw):
    opacity = images(draw())[-1].get_alpha()
    assert opacity.shape == (HIGH, WIDE) and opacity[PLACE] == 1 == opacity.sum()


@pytest.mark.parametrize("draw", MARKED.values(), ids=MARKED)
def test_a_place_is_marked_at_its_column_and_row(draw):
    (x, y), *_ = lines(draw())
    assert (x.item(), y.item()) == (COLUMN, ROW)


def test_pixels_that_ask_bear_their_numbers():
    picture = draw_pixel_questions(torch.rand(3, HIGH, WIDE), [(0, 2), PLACE], torch.eye(2, 7))
    assert (words(picture)["0"], words(picture)["1"]) == ((2, 0), (COLUMN, ROW))
    weights = images(picture)[1]
    assert weights.get_array().shape == (2, 7) and weights.axes.get_xlabel() == "latent"


def test_a_code_has_a_column_for_each_place_and_a_row_for_each_channel():
    features = torch.linspace(-1, 1, 4)[:, None] * torch.tensor([1.0, 0.5, -0.5])
    picture = draw_code(features, num_bands=1)
    (table,) = images(picture)[:1]
    np.testing.assert_allclose(table.get_array(), features.T)
    assert names(picture)[0] == "position, from first to last"


def test_numbers_stand_where_row_and_column_meet():
    costs = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    picture = draw_table(costs, ["a", "b"], ["x", "y", "z"], "costs", framed=[(1, 2)])
    assert {number: words(picture)[number] for number in ("3.0", "4.0")} == {
        "3.0": (2, 0), "4.0": (0, 1)
    }  # fmt: skip
    axes = picture.figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["x", "y", "z"]


def test_how_alike_places_are_is_the_cosine_of_their_rows():
    want = cosine_similarity(ROWS, ROWS[ROW * WIDE + COLUMN], dim=-1).view(HIGH, WIDE)
    np.testing.assert_allclose(images(ON_GRIDS["similarities"]())[0].get_array(), want, atol=1e-5)


def test_all_colours_of_a_picture_are_stretched_alike():
    picture = torch.stack([torch.linspace(low, high, 6).view(2, 3)
                           for low, high in ((-1.0, 3.0), (0.0, 1.0), (0.5, 0.5))])  # fmt: skip
    np.testing.assert_allclose(as_shown(picture), (picture.movedim(0, -1) + 1) / 4, atol=1e-6)


# --- motion and sound ---------------------------------------------------------------------------


def flow_of(right, down):
    return torch.tensor([right, down]).expand(20, 20, 2)


def test_arrows_point_where_things_move():
    picture = draw_flow(torch.rand(2, 3, 20, 20), {"a": flow_of(1.0, 3.0)})
    (arrows,) = (c for axes in picture.figure.axes for c in axes.collections
                 if isinstance(c, Quiver))  # fmt: skip
    assert arrows.angles == "xy" and arrows.axes.yaxis_inverted()
    assert set(arrows.U) == {1.0} and set(arrows.V) == {3.0}


@pytest.mark.parametrize("motion", [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (0.6, 0.7)])
def test_the_wheel_shows_every_colour_where_its_motion_points(motion):
    picture = draw_flow(torch.rand(2, 3, 20, 20), {"a": flow_of(2.0, 0.0)})
    wheel = next(a for a in picture.figure.axes if a.get_title().startswith("where to"))
    near = 0.9 * torch.tensor(motion)
    shown = colour_at(wheel.images[0], *near.tolist())
    np.testing.assert_allclose(shown, flow_colours(near, 1.0), atol=0.1)
    assert wheel.yaxis_inverted()  # y is down, as in the pictures beside it


@pytest.mark.parametrize("word, motion", [
    ("right", (1.0, 0.0)), ("down", (0.0, 1.0)), ("left", (-1.0, 0.0)), ("up", (0.0, -1.0)),
])  # fmt: skip
def test_the_explorer_of_motion_says_a_word_beside_its_colour(word, motion):
    still = torch.zeros(12, 12, 2)
    picture = draw_motion(torch.rand(2, 3, 12, 12), still, still, 2.0, "A title.")
    spot = np.array(words(picture)[word])
    key = next(i for i in images(picture) if i.get_interpolation() == "bilinear")
    left, right, bottom, top = key.get_extent()
    middle = np.array([(left + right) / 2, (bottom + top) / 2])
    shown = colour_at(key, *(middle + 0.7 * (spot - middle)))
    want = flow_colours(0.7 * 0.85 * 1.45 * torch.tensor(motion), 1.0)
    np.testing.assert_allclose(shown, want, atol=0.1)
    assert not key.axes.yaxis_inverted()


def test_large_errors_are_dark_and_the_bar_says_so():
    errors = draw_flow_errors({"a": flow_of(1.0, 0.0)}, flow_of(0.0, 0.0))
    shades = images(errors)[0].cmap([0.0, 1.0])[:, :3].sum(-1)
    assert shades[0] > shades[1] and "darker is worse" in errors.alt
    assert errors.figure.axes[-1].get_ylabel() == "pixels off"


def test_a_tone_stands_at_its_pitch_low_ones_below():
    rate, pitch = 1024, 128.0
    tone = torch.sin(2 * torch.pi * pitch * torch.arange(1024) / rate)
    picture = draw_waves(tone[None], ["tone"], rate)
    (shown,) = images(picture)
    strongest = np.asarray(shown.get_array()).mean(1).argmax()
    left, right, low, high = shown.get_extent()
    assert (left, right, low, high) == (0, 1, 0, rate / 2)
    rows = len(shown.get_array())
    up = strongest + 0.5 if shown.origin == "lower" else rows - 0.5 - strongest
    assert abs(low + (high - low) * up / rows - pitch) < 2 * high / rows


def test_a_cloud_stands_upright():
    cloud = torch.tensor([[0.0, 0.0, 0.9], [0.0, 0.0, -0.9], [0.5, 0.0, 0.0]])
    (dots,) = (c for c in draw_clouds([cloud], ["a"]).figure.axes[0].collections
               if isinstance(c, PathCollection))  # fmt: skip
    heights = sorted(dots.get_offsets()[:, 1].tolist())
    assert heights[-1] > 0.8 and heights[0] < -0.8


# --- scales -------------------------------------------------------------------------------------


BARS = {
    "similarities": lambda: draw_similarities({"a": ROWS, "b": ROWS.abs()}, (HIGH, WIDE), PLACE),
    "code": lambda: draw_code(torch.rand(4, 3), num_bands=1),
    "pixels that ask": ON_GRIDS["pixels that ask"],
    "errors": lambda: draw_flow_errors(
        {"a": flow_of(1.0, 0.0), "b": flow_of(3.0, 0.0)}, flow_of(0.0, 0.0)
    ),
}


@pytest.mark.parametrize("draw", BARS.values(), ids=BARS)
def test_whatever_stands_beside_a_bar_of_colours_is_drawn_on_its_scale(draw):
    (bar,) = (axes for axes in draw().figure.axes if hasattr(axes, "_colorbar"))
    scale = bar._colorbar.cmap.name, (bar._colorbar.vmin, bar._colorbar.vmax)
    beside = [image for axes in bar._colorbar_info["parents"] for image in axes.images]
    assert beside
    for shown in beside:
        assert (shown.cmap.name, shown.get_clim()) == scale
