"""Views of one photograph: the marks are where they are said to be, and every view is another."""

import pytest
import torch

from perceiver_course.kit.recipes.cat_face import cat_faces, views
from perceiver_tutorial.positions import grid_positions

MARKS = torch.tensor([[18.0, 30.0], [30.0, 44.0]])


def spots():
    """A dark photograph with a soft, bright spot around each mark, each in its own colour."""
    pixels = torch.cartesian_prod(torch.arange(50.0), torch.arange(75.0))
    distances = torch.cdist(pixels, MARKS)
    bright = (-((distances / 3) ** 2)).exp().T.reshape(2, 50, 75)
    return torch.cat([bright, torch.zeros(1, 50, 75)])


def test_marks_are_where_they_are_said_to_be():
    images, places = views(spots(), MARKS, 20, size=40, seed=1)
    grid = grid_positions((40, 40))
    for mark in range(2):
        brightest = grid[images[:, mark].flatten(1).argmax(-1)]
        inside = places[:, mark].abs().amax(-1) < 0.95
        assert inside.sum() >= 15
        assert ((brightest - places[:, mark]).abs() < 2 * 2 / 39)[inside].all()


def test_every_view_is_another_and_a_seed_gives_the_same_again():
    images, places = views(spots(), MARKS, 5, seed=1)
    again, other = views(spots(), MARKS, 5, seed=1), views(spots(), MARKS, 5, seed=2)
    assert torch.equal(images, again[0]) and torch.equal(places, again[1])
    assert not torch.allclose(places, other[1])
    assert len({tuple(place.flatten().tolist()) for place in places}) == 5


def test_windows_keep_angles():
    """A window is turned and scaled, never stretched: distances between marks keep their ratio."""
    marks = torch.tensor([[10.0, 10.0], [10.0, 30.0], [25.0, 10.0]])
    _, places = views(torch.rand(3, 50, 75), marks, 30)
    right, down = places[:, 1] - places[:, 0], places[:, 2] - places[:, 0]
    assert torch.allclose((right * down).sum(-1), torch.zeros(30), atol=1e-5)
    assert torch.allclose(right.norm(dim=-1) / down.norm(dim=-1), torch.full((30,), 20 / 15))


@pytest.mark.parametrize("number", [2, 3])
def test_cat_faces_are_small_and_their_marks_mostly_inside(number):
    images, places = cat_faces(100, seed=number)
    assert images.shape == (100, 3, 24, 24) and places.shape == (100, 3, 2)
    assert images.abs().max() <= 2
    assert (places.abs() <= 1).float().mean() > 0.9
