"""How alike places are: by pairs, by steps, by neighbourhood."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from perceiver_course.chapters.images_learned.pictures import by_step
from perceiver_course.explorers.fourier import alike_to
from perceiver_course.kit.position_pictures import (
    draw_similarities,
    draw_similarity_maps,
    neighbours,
)

TABLE = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))


def test_a_step_averages_the_pairs_that_are_that_far_apart():
    alike = cosine_similarity(TABLE[:, None], TABLE, dim=-1).reshape(3, 4, 3, 4)
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


def test_two_places_are_equally_alike_in_every_picture_that_compares_them():
    """Rows with much in common, as all Fourier features have: their mean is not taken away."""
    table = TABLE + 3
    alike = cosine_similarity(table[:, None], table, dim=-1)
    assert alike.min() > 0.5
    shown = draw_similarity_maps({"table": table}, (3, 4)).figure.axes[0].images[0].get_array()
    assert shown[0, 1] == pytest.approx(alike[0, 1])
    picture = draw_similarities({"table": table}, (3, 4), (0, 0))
    assert picture.figure.axes[0].images[0].get_array()[0, 1] == pytest.approx(alike[0, 1])
    assert alike_to(table, (3, 4), (0, 0))[0, 0, 1] == pytest.approx(alike[0, 1])
    assert by_step(table, (3, 4))[3, 4] == pytest.approx(
        alike.reshape(3, 4, 3, 4).diagonal(0, 0, 2).diagonal(1, 0, 1).mean()
    )
