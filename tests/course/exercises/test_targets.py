"""Target pictures: every right line is right, every slip is told, and pictures are shown."""

import pytest
import torch

from perceiver_course.chapters.shapes.exercises import TARGETS, paint
from perceiver_course.kit import samples
from perceiver_course.kit.exercises import your_turn

SLIPS = [(name, number) for name, target in TARGETS.items() for number in range(len(target.slips))]


@pytest.fixture(scope="module")
def pictures():
    return samples.six_pictures()


def test_six_small_pictures_come_with_the_course(pictures):
    assert pictures.shape == (6, 3, 32, 40)
    assert pictures.dtype == torch.float32
    assert 0 <= pictures.min() < 0.1 and 0.9 < pictures.max() <= 1
    assert len({tuple(picture.flatten()[:9].tolist()) for picture in pictures}) == 6


@pytest.mark.parametrize("name", TARGETS)
def test_the_right_line_paints_the_target(name, pictures, capsys):
    picture = paint(name, pictures, TARGETS[name].make(pictures))
    assert capsys.readouterr().out == "right\n"
    assert "target, " in picture.alt and "yours, " in picture.alt


@pytest.mark.parametrize("name, number", SLIPS)
def test_every_slip_is_told_and_shown(name, number, pictures, capsys):
    slip = TARGETS[name].slips[number]
    picture = paint(name, pictures, slip.answer(pictures))
    assert capsys.readouterr().out == f"not yet: {slip.hint}\n"
    assert "yours, " in picture.alt


def test_every_target_knows_two_slips_at_least():
    assert all(len(target.slips) >= 2 for target in TARGETS.values())


def test_a_target_that_is_not_begun_is_shown_alone(pictures, capsys):
    picture = paint("collage", pictures, ...)
    assert capsys.readouterr().out == f"{your_turn(TARGETS['collage'].task)}\n"
    assert picture.alt == "Images at one scale: target, 64 by 120 pixels."


@pytest.mark.parametrize("yours, words", [
    (torch.zeros(6, 3), "yours is (6, 3), the target is (3, 64, 120)."),
    (torch.zeros(7, 64, 120), "yours is (7, 64, 120), the target is (3, 64, 120)."),
    (torch.zeros(3, 64, 120), "the right shape, but pixels in other places."),
])  # fmt: skip
def test_any_other_answer_is_compared_with_the_target(yours, words, pictures, capsys):
    paint("collage", pictures, yours)
    assert capsys.readouterr().out == f"not yet: {words}\n"


def test_a_misspelt_target_is_answered_with_the_nearest(pictures):
    with pytest.raises(KeyError, match="Did you mean 'collage'"):
        paint("colage", pictures, ...)
