"""Drop path leaves whole samples out while training, more in later blocks, and none afterwards."""

from dataclasses import replace

import pytest
import torch
from calls import DEIT, HIERA, MAE
from shaken import shake

from perceiver_course.chapters.feature_maps.model import HieraSegmenterConfig
from perceiver_tutorial.deit import DeiTMaskedImageConfig
from perceiver_tutorial.drop_path import DropPath
from perceiver_tutorial.hiera.layers import HieraLayer
from perceiver_tutorial.zoo import build

DEPTHS = {"three blocks": (1, 1, 1), "eight blocks": (1, 2, 3, 2), "seven blocks": (4, 2, 1)}


def deit(depths, drop_path):
    return replace(DEIT, depth=sum(depths), drop_path=drop_path)


def hiera(depths, drop_path, config=HIERA):
    choices = {"num_pools": len(depths) - 1, "mask_unit_attention": (True,) * len(depths)}
    return replace(config, stages=depths, drop_path=drop_path, **choices)


FAMILIES = {
    "DeiT": deit,
    "DeiT with layer scale": lambda *sizes: replace(deit(*sizes), layer_scale=0.1),
    "masked DeiT": lambda *sizes: DeiTMaskedImageConfig(deit(*sizes)),
    "Hiera": hiera,
    "Hiera's pre-training": lambda *sizes: replace(MAE, encoder=hiera(*sizes)),
    "Hiera's segmenter": lambda *sizes: HieraSegmenterConfig(hiera(*sizes), 3, 4, maps=(0, 1)),
}
family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


def body(model):
    """All layers that an encoder has; a DeiT is one itself."""
    return getattr(model, "encoder", model)


def rates(module):
    """How often every block skips a branch, in their order."""
    return [m.probability for m in module.modules() if isinstance(m, DropPath)]


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


@family
@pytest.mark.parametrize("depths", DEPTHS.values(), ids=DEPTHS)
def test_rates_grow_evenly_from_never_in_the_first_block_to_all_in_the_last(family, depths):
    blocks = sum(depths)
    found = rates(body(build(family(depths, 0.3))))
    assert found == pytest.approx([0.3 * block / (blocks - 1) for block in range(blocks)])


@family
def test_nothing_but_the_encoder_is_skipped(family):
    model = build(family((1, 1, 1), 0.3))
    assert sum(map(bool, rates(model))) == sum(map(bool, rates(body(model)))) == 2


@family
def test_without_drop_path_nothing_is_ever_skipped(family):
    assert not any(rates(build(family((1, 2, 1), 0.0))))


def in_deit():
    return build(replace(DEIT, drop_path=0.999, drop_path_grows=False)).layers[0]


def in_hiera():
    return HieraLayer(6, 6, num_heads=2, unit_tokens=4, drop_path=0.999)


@pytest.mark.parametrize("block", [in_deit, in_hiera])
def test_a_sample_that_skips_both_branches_of_a_block_comes_out_as_it_went_in(block):
    tokens = torch.randn(2, 16, 6)
    assert torch.equal(shake(block()).train()(tokens), tokens)
