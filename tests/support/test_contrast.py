"""The check of contrast finds faint words, and lets pass what can be read."""

import numpy as np
import pytest
from contrast import contrast, too_faint
from matplotlib.figure import Figure

DARK, MIDDLE, LIGHT = "#222222", "#999999", "#FFFFFF"


def page(ground: str = LIGHT) -> Figure:
    """A figure of one colour."""
    return Figure(figsize=(3, 2), facecolor=ground)


def write(figure: Figure, words: str = "some words", **look):
    return figure.text(0.5, 0.5, words, ha="center", va="center", **look)


def box(colour: str, alpha: float = 1.0) -> dict:
    return {"facecolor": colour, "edgecolor": "none", "alpha": alpha}


def test_contrast_goes_from_1_to_21():
    black, white = np.zeros(3), np.ones(3)
    assert contrast(black, white) == contrast(white, black) == pytest.approx(21)
    assert contrast(white, white) == 1


@pytest.mark.parametrize("ground, look", [
    (LIGHT, {"color": DARK}), (DARK, {"color": LIGHT}), (MIDDLE, {"color": "black"}),
    (DARK, {"color": DARK, "bbox": box(LIGHT)}), (DARK, {"color": DARK, "bbox": box(LIGHT, 0.85)}),
    (LIGHT, {"color": LIGHT, "bbox": box(DARK)}), (LIGHT, {"color": DARK, "rotation": 45}),
    (LIGHT, {"color": DARK, "alpha": 0.9}),
    (LIGHT, {"color": "#888888", "fontsize": 18}),
    (LIGHT, {"color": "#888888", "fontsize": 14, "fontweight": "bold"}),
    (LIGHT, {"color": LIGHT, "visible": False}),
])  # fmt: skip
def test_what_can_be_read_passes(ground, look):
    figure = page(ground)
    write(figure, **look)
    assert list(too_faint(figure)) == []


@pytest.mark.parametrize("ground, look, ratio", [
    (LIGHT, {"color": MIDDLE}, "2.8, expected 4.5"), (LIGHT, {"color": LIGHT}, "1.0"),
    (MIDDLE, {"color": LIGHT}, "2.8"),
    (LIGHT, {"color": DARK, "bbox": box(DARK)}, "1.0"),
    (DARK, {"color": DARK, "bbox": box(LIGHT, 0.3)}, "2."),
    (LIGHT, {"color": DARK, "alpha": 0.4}, "2."), (LIGHT, {"color": (0, 0, 0, 0.3)}, "2."),
    (LIGHT, {"color": MIDDLE, "rotation": 45}, "2.8"),
    (LIGHT, {"color": "#888888", "fontsize": 14}, "3.5, expected 4.5"),
    (LIGHT, {"color": "#AAAAAA", "fontsize": 20}, "2.3, expected 3.0"),
])  # fmt: skip
def test_faint_words_are_found(ground, look, ratio):
    figure = page(ground)
    write(figure, **look)
    (complaint,) = too_faint(figure)
    assert complaint.startswith(f"'some words': {ratio}")


def test_turned_words_are_judged_by_the_ground_under_their_letters_alone():
    figure = page()
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.plot([0.2, 0.8], [0.1, 0.9], color=DARK, linewidth=22, solid_capstyle="butt")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    angle = np.degrees(np.arctan2(0.8 * 2, 0.6 * 3))
    words = write(figure, color=LIGHT, rotation=angle, rotation_mode="anchor", fontsize=9)
    assert list(too_faint(figure)) == []
    words.set_color(DARK)
    assert len(list(too_faint(figure))) == 1


def test_words_half_on_a_dark_ground_are_found():
    figure = page()
    axes = figure.add_axes((0.5, 0, 0.5, 1), facecolor=DARK, xticks=[], yticks=[])
    axes.set_zorder(-1)
    write(figure, color=DARK)
    assert len(list(too_faint(figure))) == 1


def test_ticks_that_are_switched_off_are_not_judged():
    figure = page(DARK)
    axes = figure.add_axes((0.3, 0.3, 0.5, 0.5))
    assert len(list(too_faint(figure))) > 3
    axes.set_axis_off()
    assert list(too_faint(figure)) == []


def test_a_note_on_an_arrow_is_judged_without_its_arrow():
    figure = page()
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.annotate("here", (0.9, 0.9), (0.2, 0.2), arrowprops={"color": DARK}, color=MIDDLE)
    (complaint,) = too_faint(figure)
    assert complaint.startswith("'here'")


def test_the_words_are_as_before():
    figure = page()
    words = write(figure, color=DARK, alpha=0.9, bbox=box(LIGHT))
    list(too_faint(figure))
    assert words.get_alpha() == 0.9
    assert words.get_bbox_patch().get_visible()
