"""transformers' Hieras, tiny, shaken, saved by transformers and loaded by us."""

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from torch.nn.functional import cosine_similarity, layer_norm
from transformers import (
    HieraBackbone,
    HieraConfig,
    HieraForImageClassification,
    HieraForPreTraining,
    HieraModel,
)
from transformers.models.hiera.modeling_hiera import unroll

from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.hooks import record
from perceiver_tutorial.masks import mask_of, random_units

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")

SPREAD = 1.0  # of the weights: with small ones all attention is even, and windows do not matter
TINY = {
    "image_size": [64, 64],
    "embed_dim": 8,
    "num_heads": [1, 2, 4, 8],
    "depths": [1, 2, 3, 2],
    "num_labels": 5,
}
SIZES = {"square": [64, 64], "wide": [64, 96], "high": [96, 32]}
OPTIONS = {
    "published": {},
    "two pools": {"num_query_pool": 2},
    "all local": {"masked_unit_attention": [True, True, True, False]},
    "all global": {"masked_unit_attention": [False] * 4},
    "two heads, other depths": {"num_heads": [2, 4, 8, 16], "depths": [2, 1, 1, 1]},
}
DECODER = {"decoder_hidden_size": 24, "decoder_depth": 2, "decoder_num_heads": 4}


def pair(architecture, folder, **options):
    """Theirs, shaken; ours, loaded from what theirs saved."""
    theirs = shake(architecture(HieraConfig(**{**TINY, **options})), SPREAD)
    theirs.save_pretrained(folder)
    return theirs, load(folder)


def images(size):
    return torch.randn(2, 3, *size)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_classification(size, options, tmp_path):
    theirs, ours = pair(HieraForImageClassification, tmp_path, image_size=size, **options)
    raw = images(size)
    assert relative_error(ours(raw), theirs(raw).logits) < EXACT


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_base_and_all_four_feature_maps(size, tmp_path):
    theirs, ours = pair(HieraModel, tmp_path, image_size=size)
    raw = images(size)
    answer = theirs(raw, output_hidden_states=True)
    assert relative_error(ours(raw), answer.pooler_output) < EXACT
    maps = ours.feature_maps(raw)
    assert len(maps) == len(answer.reshaped_hidden_states) - 1 == 4
    for here, there in zip(maps, answer.reshaped_hidden_states[1:], strict=True):
        assert relative_error(here, there.movedim(-1, 1)) < EXACT


def test_attention_maps_of_the_last_block_of_every_stage(tmp_path):
    theirs, ours = pair(HieraModel, tmp_path)
    raw = images(SIZES["square"])
    with record(ours, "*.weights") as recorded:
        ours(raw)
    assert len(recorded) == sum(TINY["depths"])
    published = theirs(raw, output_attentions=True).attentions
    for stage, weights in enumerate(published):
        last = f"encoder.stages.{stage}.{TINY['depths'][stage] - 1}.attention.weights"
        here = recorded[last][0].unflatten(0, (2, -1)).movedim(2, 1)
        assert relative_error(here, weights) < EXACT


def test_another_size_gets_positions_that_are_stretched_as_theirs(tmp_path):
    theirs, ours = pair(HieraForImageClassification, tmp_path)
    raw = images([96, 32])
    there = theirs(raw, interpolate_pos_encoding=True).logits
    assert relative_error(ours(raw), there) < EXACT


@pytest.mark.parametrize("pools", [2, 3])  # with 1 theirs attends in windows of a wrong size
@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_pretraining(size, normalised, pools, tmp_path):
    theirs, ours = pair(
        HieraForPreTraining,
        tmp_path,
        image_size=size,
        num_query_pool=pools,
        normalize_pixel_loss=normalised,
        **DECODER,
    )
    raw, units = images(size), ours.config.encoder.units
    noise = torch.rand(2, units[0] * units[1])
    answer = theirs(raw, noise=noise)
    kept = noise.argsort(1)[:, : int(noise.shape[1] * 0.4)].sort(1).values
    mask = mask_of(kept, units)
    assert relative_error(ours(raw, mask), answer.logits) < EXACT
    assert torch.equal(ours.seen_tokens(kept), answer.bool_masked_pos)
    assert ours.loss(raw, mask).item() == pytest.approx(answer.loss.item(), rel=EXACT)


def test_the_backbone_of_transformers_gives_other_maps_because_it_forgets_to_unroll(tmp_path):
    theirs, ours = pair(HieraModel, tmp_path)
    backbone = HieraBackbone(HieraConfig(**TINY, out_features=[f"stage{n}" for n in range(1, 5)]))
    backbone.load_state_dict(theirs.state_dict(), strict=False)
    for norm in backbone.hidden_states_norms.values():
        norm.bias.zero_()
    raw = images(SIZES["square"])
    wanted = [
        layer_norm(m.movedim(1, -1), m.shape[1:2]).movedim(-1, 1) for m in ours.feature_maps(raw)
    ]
    scrambled = backbone.eval()(raw).feature_maps
    assert all(similarity(*two) < 0.9 for two in zip(scrambled, wanted, strict=True))

    schedule = [backbone.config.query_stride] * 3
    backbone.embeddings.register_forward_hook(
        lambda module, _, out: (unroll(out[0], [64, 64], module.patch_stride, schedule), *out[1:])
    )
    for here, there in zip(backbone(raw).feature_maps, wanted, strict=True):
        assert relative_error(here, there) < EXACT


def similarity(ours, theirs):
    """Correlation of how two maps vary over the picture."""
    centred = (m.flatten(2) - m.flatten(2).mean(-1, keepdim=True) for m in (ours, theirs))
    return cosine_similarity(*(m.flatten() for m in centred), dim=0).item()


def test_random_units_are_as_many_as_theirs():
    theirs = HieraForPreTraining(HieraConfig(**TINY, **DECODER))
    for mask_ratio in (0.5, 0.6, 0.75, 0.9):
        theirs.hiera.embeddings.patch_embeddings.mask_ratio = mask_ratio
        there = theirs.hiera.embeddings.patch_embeddings.random_masking(torch.zeros(1, 3, 64, 64))
        assert random_units(1, (2, 2), mask_ratio).shape[1] == max(1, int(there[0].sum()))
