"""Constants of every norm in every model, by their value and by what they do to small numbers."""

from dataclasses import replace

import pytest
import torch
from calls import DEIT, HIERA, MAE
from tiny import CONFIGS
from torch import nn

from perceiver_course.chapters.feature_maps.model import HieraSegmenterConfig
from perceiver_course.kit.rivals import ConvNetConfig
from perceiver_tutorial.attention import CrossAttentionLayer, SelfAttentionLayer
from perceiver_tutorial.deit import DeiTMaskedImageConfig
from perceiver_tutorial.hiera.layers import HieraLayer
from perceiver_tutorial.hiera.targets import statistics
from perceiver_tutorial.zoo import build

DEITS = {f"DeiT, {eps:g}": (replace(DEIT, norm_eps=eps), eps) for eps in (1e-12, 1e-6, 1e-3)}
MODELS = {  # published: transformers' Perceiver has 1e-5 everywhere, Hiera 1e-6, DeiT both
    **{f"Perceiver, {name}": (config, 1e-5) for name, config in CONFIGS.items()},
    "Hiera": (HIERA, 1e-6),
    "Hiera's pre-training": (MAE, 1e-6),
    "Hiera's segmenter": (HieraSegmenterConfig(HIERA, 3, 4, maps=(0, 1, 2, 3)), 1e-6),
    **DEITS,
    "DeiT with layer scale": (replace(DEIT, layer_scale=0.1, norm_eps=1e-3), 1e-3),
    "masked DeiT": (DeiTMaskedImageConfig(replace(DEIT, norm_eps=1e-3)), 1e-3),
}


@pytest.mark.parametrize("config, eps", MODELS.values(), ids=MODELS)
def test_every_layer_norm_adds_what_its_family_has_published(config, eps):
    named = build(config).named_modules()
    norms = {name: module.eps for name, module in named if isinstance(module, nn.LayerNorm)}
    assert norms and norms == dict.fromkeys(norms, eps)


def test_a_deit_adds_what_the_published_configurations_say():
    assert type(DEIT)(channels=6, num_heads=2).norm_eps == 1e-12


@pytest.mark.parametrize("config", [CONFIGS["conv images"], ConvNetConfig(width=4)])
def test_every_batch_norm_adds_1e_5_and_keeps_statistics(config):
    norms = [m for m in build(config).modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms
    for norm in norms:
        assert (norm.eps, norm.momentum) == (1e-5, 0.1)
        assert norm.affine and norm.track_running_stats


def by_hand(rows, eps):
    """A layer norm that has learned nothing yet, written out."""
    centred = rows - rows.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps).sqrt()


NORMS = {
    "norm_q": (CrossAttentionLayer(8, 8, num_heads=2), 1e-5),
    "norm_kv": (CrossAttentionLayer(8, 8, num_heads=2), 1e-5),
    "norm_q of itself": (SelfAttentionLayer(8, num_heads=2, eps=1e-3), 1e-3),
    "norm_mlp": (SelfAttentionLayer(8, num_heads=2, eps=1e-3), 1e-3),
    "norm_q of Hiera": (HieraLayer(8, 8, num_heads=2), 1e-6),
    "norm_mlp of Hiera": (HieraLayer(8, 8, num_heads=2), 1e-6),
}


@pytest.mark.parametrize("name", NORMS)
def test_rows_that_hardly_vary_stay_small(name):
    block, eps = NORMS[name]
    norm = block.double().get_submodule(name.split()[0])
    rows = eps**0.5 * torch.randn(2, 3, 8, dtype=torch.float64)
    torch.testing.assert_close(norm(rows), by_hand(rows, eps), rtol=1e-11, atol=1e-11)


def test_targets_add_1e_6_to_a_variance_that_is_divided_by_one_less():
    pixels = 1e-3 * torch.randn(2, 3, 48, dtype=torch.float64)
    mean, deviation = statistics(pixels)
    squares = (pixels - pixels.sum(-1, keepdim=True) / 48).square().sum(-1, keepdim=True)
    torch.testing.assert_close(mean, pixels.sum(-1, keepdim=True) / 48, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(deviation, (squares / 47 + 1e-6).sqrt(), rtol=1e-11, atol=1e-11)
