"""Scenes are what their targets say: counted, boxed, apart; and the classical way reads them."""

import pytest
import torch

from perceiver_course.chapters.extending.data import GAP, THINGS, scenes
from perceiver_course.chapters.extending.model import (
    Detections,
    bright_things,
    corners,
    judge_detections,
)

IMAGES, CLASSES, BOXES = scenes(300, seed=3)
THERE = CLASSES >= 0


def test_one_two_and_three_things_take_turns_and_absent_ones_come_last():
    assert THERE.sum(1).tolist() == [1, 2, 3] * 100
    assert (THERE[:, :-1] >= THERE[:, 1:]).all()
    assert (BOXES[~THERE] == 0).all()
    assert torch.bincount(CLASSES[THERE]).min() > 150 and int(CLASSES.max()) == len(THINGS) - 1


def test_boxes_lie_inside_are_as_large_as_said_and_not_all_square():
    edges = corners(BOXES[THERE])
    assert edges.min() >= 0 and edges.max() <= 1
    sizes = 32 * BOXES[THERE][:, 2:]
    assert sizes.min() >= 7 and sizes.max() <= 13
    assert (sizes[:, 0] - sizes[:, 1]).abs().max() > 4


def test_no_two_things_come_closer_than_the_gap():
    for boxes, there in zip(corners(BOXES) * 32, THERE, strict=True):
        some = boxes[there]
        for i in range(len(some)):
            for j in range(i):
                apart = torch.maximum(some[i, :2] - some[j, 2:], some[j, :2] - some[i, 2:])
                assert apart.max() >= GAP - 1e-4


def test_bright_pixels_fill_the_boxes_tightly_and_lie_nowhere_else():
    for image, boxes, there in zip(IMAGES[:60, 0], corners(BOXES), THERE, strict=False):
        covered = torch.zeros(32, 32).bool()
        for box in boxes[there].tolist():
            (left, right), (top, bottom) = (
                (round(32 * box[i]), round(32 * box[i + 2])) for i in (0, 1)
            )
            covered[top:bottom, left:right] = True
            inside = image[top:bottom, left:right] > 0.3
            assert inside.any(0).float().mean() > 0.6 and inside.any(1).float().mean() > 0.6
        assert not (image[~covered] > 0.3).any()


def test_classes_differ_in_the_share_of_their_box_that_is_full():
    big, classes, boxes = scenes(90, size=96, seed=1)
    shares = {label: [] for label in range(3)}
    for image, label, box in zip(big[:, 0], classes[:, 0], corners(boxes[:, 0]), strict=True):
        left, top, right, bottom = (96 * box).round().int().tolist()
        shares[int(label)].append((image[top:bottom, left:right] > 0.3).float().mean())
    means = [torch.stack(shares[label]).mean().item() for label in range(3)]
    assert means == pytest.approx([0.785, 1.0, 0.5], abs=0.1)


def test_the_same_seed_draws_the_same_scenes():
    again, other = scenes(5, seed=3), scenes(5, seed=4)
    first = scenes(5, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


def test_three_things_need_room():
    with pytest.raises(ValueError, match=r"expected a size of at least 26 pixels, got 20"):
        scenes(1, size=20)


def test_the_classical_way_finds_nearly_everything_in_pictures_as_clean_as_these():
    found = [Detections(*bright_things(image)) for image in IMAGES]
    assert judge_detections(found, CLASSES, BOXES).f1 > 0.95


def test_the_classical_way_sees_nothing_in_the_dark_and_noise_is_too_small():
    assert bright_things(torch.zeros(1, 8, 9)).boxes.shape == (0, 4)
    speckled = torch.zeros(1, 8, 9)
    speckled[0, 2, 3] = 1
    assert len(bright_things(speckled).classes) == 0


def test_the_classical_box_is_that_of_the_pixels():
    image = torch.zeros(1, 20, 40)
    image[0, 5:10, 8:24] = 1
    found = bright_things(image)
    assert found.classes.tolist() == [1] and found.scores.tolist() == [1]
    torch.testing.assert_close(found.boxes[0], torch.tensor([16 / 40, 7.5 / 20, 16 / 40, 5 / 20]))
