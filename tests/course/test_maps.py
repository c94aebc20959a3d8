"""The one direction of a feature map that is drawn, and how panels are told."""

import torch

from perceiver_course.chapters.feature_maps.pictures import strongest
from perceiver_course.kit.images import draw_maps


def test_the_direction_in_which_maps_vary_most_is_found():
    pattern = torch.zeros(2, 4, 6)
    pattern[0, 1, 2] = pattern[1, 3, 5] = 9.0
    context = torch.tensor([0.6, 0.0, -0.8])
    maps = 5.0 + pattern[:, None] * context[:, None, None]
    maps = maps + 0.01 * torch.randn(2, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    found = strongest(maps)
    assert found.shape == (2, 4, 6)
    assert torch.allclose(found - found.min(), pattern, atol=0.15)


def test_maps_are_drawn_along_one_direction_to_be_compared():
    one = torch.randn(1, 5, 4, 6)
    both = strongest(torch.cat([one, one]))
    assert torch.allclose(both[0], both[1])
    assert not torch.allclose(strongest(torch.cat([one, one + 3]))[0], both[0], atol=1e-2)


def test_films_and_lines_have_such_a_direction_too():
    assert strongest(torch.randn(1, 5, 3, 4, 6)).shape == (1, 3, 4, 6)
    assert strongest(torch.randn(2, 5, 7)).shape == (2, 7)


def test_panels_of_a_row_may_be_fewer_than_titles():
    picture = draw_maps({"a": [torch.rand(3, 4)] * 2, "b": [torch.rand(3, 4)]}, ["x", "y"])
    assert picture.alt.endswith("a, 2 of 3 by 4; b, 3 by 4. Above them: x, y.")


def test_what_a_channel_is_on_average_does_not_matter():
    maps = torch.randn(2, 5, 4, 6, dtype=torch.float64)
    levels = torch.tensor([0.0, 3.0, -8.0, 20.0, 1.0], dtype=torch.float64)[:, None, None]
    torch.testing.assert_close(strongest(maps + levels), strongest(maps), rtol=1e-9, atol=1e-9)
