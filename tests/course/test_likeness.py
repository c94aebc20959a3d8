"""Likeness of places: by pairs, by steps, by neighbourhood."""

import torch

from perceiver_course.kit.token_pictures import by_step, likeness, neighbours

TABLE = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))


def test_a_step_averages_the_pairs_that_are_that_far_apart():
    alike = likeness(TABLE).reshape(3, 4, 3, 4)
    means = by_step(TABLE, (3, 4), reach=2)
    assert means.shape == (5, 5)
    pairs = [alike[y, x, y + 1, x + 2] for y in range(2) for x in range(2)]
    assert torch.isclose(means[2 + 1, 2 + 2], torch.stack(pairs).mean())
    assert torch.isclose(means[2, 2], torch.tensor(1.0))


def test_back_and_forth_is_the_same_step():
    means = by_step(TABLE, (3, 4), reach=2)
    assert torch.allclose(means, means.flip(0, 1), atol=1e-6)


def test_neighbours_touch_with_a_side():
    touching = neighbours((3, 4))
    assert torch.equal(touching, touching.T)
    assert touching[5].nonzero().flatten().tolist() == [1, 4, 6, 9]
