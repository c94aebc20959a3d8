"""What residuals do for gradients, and what attention does to rows, in a deep stack."""

from statistics import mean

import pytest
import torch

from perceiver_course.chapters.cross_attention.exercises import COUNTING, weights_of_constant
from perceiver_course.chapters.cross_attention.model import AloneLayer, through_depth
from perceiver_tutorial.attention import attention_weights


@pytest.fixture(scope="module")
def runs():
    """Five seeds of the versions without residuals, and of the usual one."""
    ways = ("pre-norm", "no residual", "no residual, alone")
    return {way: [through_depth(way, seed) for seed in range(5)] for way in ways}


def _kept(found) -> float:
    return mean(float(run.gradients[0] / run.gradients[-1]) for run in found)


def test_without_residuals_the_gradient_is_lost_with_and_without_attention(runs):
    assert _kept(runs["pre-norm"]) > 1
    assert _kept(runs["no residual"]) < 0.25
    assert _kept(runs["no residual, alone"]) < 0.25


def test_only_attention_makes_rows_equal(runs):
    assert max(run.difference for run in runs["no residual"]) < 1e-5
    assert min(run.difference for run in runs["no residual, alone"]) > 1e-3


def test_a_row_alone_depends_on_no_other():
    layer, x = AloneLayer(8, num_heads=2), torch.randn(2, 5, 8)
    changed = torch.cat([x[:, :3], x[:, 3:] + 1], dim=1)
    torch.testing.assert_close(layer(x)[:, :3], layer(changed)[:, :3])


def test_the_weight_of_a_constant_row_is_a_softmax():
    for n in (1, 7, 1000):
        keys = torch.zeros(n + 1, 1, dtype=torch.float64)
        keys[0] = 2
        weight = attention_weights(torch.ones(1, 1, dtype=torch.float64), keys)[0, 0].item()
        assert weights_of_constant(2.0)[n - 1] == pytest.approx(weight, abs=5.1e-4)


def test_every_number_from_1_to_1000_counts_for_the_score():
    def right_but_for_one():
        known = {(a, b): n for n, (a, b) in enumerate(zip(*each, strict=True), start=1)}
        return scores, lambda weights: 0 if (n := known[tuple(weights)]) in (1, 2) else n

    scores = [0.0, 6.0]
    each = [weights_of_constant(score) for score in scores]
    assert COUNTING.score(right_but_for_one) == 1
