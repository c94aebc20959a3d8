"""Drop path leaves whole samples out while training, and nothing in evaluation."""

import pytest
import torch

from perceiver_tutorial.drop_path import DropPath


def test_a_sample_is_dropped_whole_or_scaled_up():
    drop, branch = DropPath(0.25).train(), torch.randn(4000, 3, 2)
    factors = (drop(branch) / branch).flatten(1)
    assert torch.allclose(factors, factors[:, :1].expand_as(factors))
    assert {round(factor, 4) for factor in factors[:, 0].tolist()} == {0.0, 1.3333}
    assert (factors[:, 0] == 0).float().mean() == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize("drop", [DropPath(0.25).eval(), DropPath(0.0).train()])
def test_otherwise_nothing_happens(drop):
    branch = torch.randn(5, 3, 2)
    assert torch.equal(drop(branch), branch)


def test_a_probability_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"from 0 to below 1, got -0\.1"):
        DropPath(-0.1)
    assert "0.25" in repr(DropPath(0.25))
