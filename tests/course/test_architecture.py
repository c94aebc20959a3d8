"""The figure that recurs: linear heights, one part in colour, a part that is not there."""

import pytest
from drawing import assert_well_drawn
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from perceiver_course.kit.architecture import GREY, PARTS, architecture


def heights(**sizes) -> list[float]:
    patches = architecture(**sizes).figure.axes[0].patches
    return [patch.get_height() for patch in patches if isinstance(patch, Rectangle)]


@pytest.mark.parametrize("highlight", [None, *PARTS])
def test_the_figure_says_what_it_shows(highlight):
    assert_well_drawn(lambda: architecture(highlight), "the inputs are 98 times as tall")


def test_heights_are_linear():
    inputs, latents, queries = heights(inputs=(1000, 5), latents=(250, 8), queries=(100, 8))
    assert inputs == pytest.approx(4 * latents) == pytest.approx(10 * queries)


def test_one_row_is_a_hairline_that_can_be_seen():
    *_, one, _ = heights(inputs=(50_000, 5), latents=(1, 8))
    assert 0 < one < 1


@pytest.mark.parametrize("highlight", PARTS)
def test_one_part_alone_is_in_colour(highlight):
    patches = architecture(highlight).figure.axes[0].patches
    arrows = [patch for patch in patches if isinstance(patch, FancyArrowPatch)]
    edges = [to_hex(patch.get_edgecolor()) for patch in patches if not isinstance(patch, Rectangle)]
    assert {*edges} == {PARTS[highlight].lower(), GREY.lower()} and len(arrows) == 8


def test_a_part_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"expected one of preprocessor, .*, got 'encoder'\."):
        architecture("encoder")
