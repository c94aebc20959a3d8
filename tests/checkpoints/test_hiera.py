"""Saved Hieras that are none of ours, or not whole, are refused in a sentence that helps."""

import json

import pytest
import torch
from folders import change_config, change_weights
from shaken import shake
from transformers import (
    HieraBackbone,
    HieraConfig,
    HieraForImageClassification,
    HieraForPreTraining,
    HieraModel,
)

from perceiver_tutorial.checkpoints import load

TINY = {
    "image_size": [32, 64],
    "embed_dim": 8,
    "depths": [1, 2, 1, 1],
    "num_labels": 5,
    "decoder_hidden_size": 12,
    "decoder_depth": 1,
    "decoder_num_heads": 2,
}


def saved(folder, architecture=HieraForImageClassification, **options):
    """A tiny checkpoint, as transformers saves it."""
    shake(architecture(HieraConfig(**{**TINY, **options}))).save_pretrained(folder)
    return folder


def test_a_loaded_model_is_ready_to_be_used(tmp_path):
    model = load(saved(tmp_path, drop_path_rate=0.1))
    assert not model.training
    assert model.config.num_classes == 5 and model.config.drop_path == 0.1


def test_what_has_no_classifier_gets_none(tmp_path):
    assert load(saved(tmp_path, HieraModel)).config.num_classes is None
    assert load(saved(tmp_path, num_labels=0))(torch.zeros(1, 3, 32, 64)).shape == (1, 64)


# --- weights --------------------------------------------------------------------------------------

MISFITS = {
    "a wider checkpoint": (
        {"embed_dim": 16},
        r"hiera.embeddings.position_embeddings is \[1, 128, 8\], expected \[1, 128, 16\].* and "
        r"\d+ more\. Nothing was loaded\. Take the configuration and the weights from one and the "
        "same checkpoint",
    ),
    "a deeper checkpoint": (
        {"depths": [1, 2, 2, 1]},
        r"hiera.encoder.stages.2.layers.1.layernorm_before.bias is missing; .* and \d+ more\. N",
    ),
    "another image size": (
        {"image_size": [64, 64]},
        r": hiera.embeddings.position_embeddings is \[1, 128, 8\], expected \[1, 256, 8\]\. N",
    ),
    "other classes": (
        {"id2label": {str(n): str(n) for n in range(7)}},
        r": classifier.weight is \[5, 64\], expected \[7, 64\]; classifier.bias is .*\. Nothing",
    ),
    "another class": (
        {"architectures": ["HieraModel"]},
        r": embeddings.patch_embeddings.projection.weight is missing; .* and \d+ more\. Nothing",
    ),
}


@pytest.mark.parametrize("changes, message", MISFITS.values(), ids=MISFITS)
def test_weights_of_another_checkpoint_are_refused(changes, message, tmp_path):
    change_config(saved(tmp_path), **changes)
    with pytest.raises(ValueError, match=message) as error:
        load(tmp_path)
    assert len(str(error.value)) < 700


def test_a_model_without_its_last_norm_is_refused(tmp_path):
    change_weights(
        saved(tmp_path, HieraModel), lambda s: {k: v for k, v in s.items() if "pooler" not in k}
    )
    with pytest.raises(
        ValueError,
        match=r"pooler.layernorm.weight is missing; pooler.layernorm.bias is missing\. N",
    ):
        load(tmp_path)


def test_a_weight_too_many_is_refused(tmp_path):
    change_weights(saved(tmp_path), lambda s: {**s, "hiera.cls_token": torch.zeros(1, 1, 8)})
    with pytest.raises(ValueError, match=r"fit: hiera.cls_token is unexpected\. Nothing was"):
        load(tmp_path)


# --- configurations -------------------------------------------------------------------------------

ODD = {
    "another activation": (
        {"hidden_act": "relu"},
        r"expected hidden_act=gelu, .* got relu\. .*run",
    ),
    "another MLP": ({"mlp_ratio": 2.0}, r"expected mlp_ratio=4.0, as in all published, got 2.0"),
    "another norm": ({"layer_norm_eps": 1e-5}, r"expected layer_norm_eps=1e-06, .* got 1e-05"),
    "grey images": ({"num_channels": 1}, r"expected num_channels=3, .* got 1\. .* transformers"),
    "constant width": ({"embed_dim_multiplier": 1.0}, r"expected embed_dim_multiplier=2.0, .* 1.0"),
    "heads that do not double": (
        {"num_heads": [1, 2, 4, 4]},
        r"expected num_heads that double .* got \[1, 2, 4, 4\]\. .*run it in transformers",
    ),
    "mask units that outlive the pooling": (
        {"masked_unit_size": [16, 16], "image_size": [64, 64]},
        r"expected masked_unit_size=\(8, 8\), what query_stride=\[2, 2\] .*\[16, 16\]\. .*run it",
    ),
    "half a mask unit": (
        {"image_size": [32, 48]},
        r"mask units of 32 x 32 pixels tile, got 32 x 48 pixels\. Resize or crop it, e.g.",
    ),
}


@pytest.mark.parametrize("options, message", ODD.values(), ids=ODD)
def test_options_that_no_published_hiera_has_are_refused(options, message, tmp_path):
    saved(tmp_path, **options)
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


WINDOWS = {
    "local after global": (3, [False, True, False, False], [False] * 4),
    "local again": (3, [True, True, False, True], [True, True, False, False]),
    "local without pooling": (1, [True, True, False, False], [True, False, False, False]),
    "all local, two pools": (2, [True] * 4, [True, True, False, False]),
    "no pools": (0, [True, True, False, False], [False] * 4),
}


@pytest.mark.parametrize("pools, local, expected", WINDOWS.values(), ids=WINDOWS)
def test_windows_that_transformers_makes_otherwise_are_refused(pools, local, expected, tmp_path):
    """Its answers would differ, silently: the published code's windows are ours, not those."""
    saved(tmp_path, num_query_pool=pools, masked_unit_attention=local)
    with pytest.raises(ValueError, match="build a HieraConfig") as error:
        load(tmp_path)
    assert f"expected masked_unit_attention={tuple(expected)} with num_query_pool={pools}, " in str(
        error.value
    )
    saved(tmp_path, num_query_pool=pools, masked_unit_attention=expected)
    assert load(tmp_path).config.mask_unit_attention == tuple(expected)


def test_a_backbone_is_refused_with_what_to_use_instead(tmp_path):
    saved(tmp_path, HieraBackbone)
    with pytest.raises(ValueError, match=r"got HieraBackbone\. Save one of these; feature_maps"):
        load(tmp_path)


def test_a_pretraining_without_a_decoder_is_refused(tmp_path):
    change_config(saved(tmp_path, HieraModel), architectures=["HieraForPreTraining"],
                  decoder_depth=None)  # fmt: skip
    with pytest.raises(ValueError, match=r"expected decoder_depth in config.json of a HieraFor"):
        load(tmp_path)


def test_an_option_that_is_not_there_is_named(tmp_path):
    saved(tmp_path)
    published = json.loads((tmp_path / "config.json").read_text())
    del published["query_stride"]
    (tmp_path / "config.json").write_text(json.dumps(published))
    with pytest.raises(ValueError, match=r"expected query_stride in config.json.*save_pretrained"):
        load(tmp_path)


def test_a_hiera_needs_no_image_size(tmp_path):
    with pytest.raises(ValueError, match=r"expected no image_size for a Hiera, got \(64, 64\)"):
        load(saved(tmp_path), image_size=(64, 64))


def test_a_pretraining_is_read_with_its_decoder(tmp_path):
    config = load(saved(tmp_path, HieraForPreTraining, num_query_pool=2, mask_ratio=0.5)).config
    assert (config.decoder_channels, config.decoder_depth, config.decoder_heads) == (12, 1, 2)
    assert config.mask_ratio == 0.5 and config.encoder.num_pools == 2


def test_published_names_are_answered_with_what_can_be_done():
    with pytest.raises(FileNotFoundError, match=r"`hf download facebook/hiera-tiny-224-mae-hf` "):
        load("facebook/hiera-tiny-224-mae-hf")
    video = (
        r"`hf download facebook/hiera_base_16x224\.mae_k400_ft_k400` .* file hiera_base_16x224\.p"
    )
    with pytest.raises(FileNotFoundError, match=video):
        load("facebook/hiera_base_16x224")
