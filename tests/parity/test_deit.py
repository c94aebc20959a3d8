"""transformers' DeiTs and ViTs, tiny, shaken, saved by transformers and loaded by us."""

import pytest
import torch
from safetensors.torch import load_file
from shaken import relative_error, shake
from tolerances import EXACT
from torch.nn import functional
from transformers import (
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    DeiTForMaskedImageModeling,
    DeiTModel,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

from perceiver_tutorial import deit
from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.checkpoints.deit import config_from_transformers
from perceiver_tutorial.deit import DeiTConfig as OurConfig
from perceiver_tutorial.deit import DeiTMaskedImageConfig
from perceiver_tutorial.hooks import record

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")

SPREAD = 1.0  # of the weights: with small ones attention is even, and places matter little
TINY = {
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 72,
    "image_size": [24, 40],
    "patch_size": 8,
    "encoder_stride": 8,
    "num_labels": 5,
}
CONFIGS = {"DeiT": DeiTConfig, "ViT": ViTConfig}
SIZES = {"square": [32, 32], "wide": [24, 40], "high": [48, 16]}
BY_SIZE = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)


def pair(architecture, folder, **options):
    """Theirs, shaken; ours, loaded from what theirs saved."""
    config = CONFIGS["ViT" if architecture.__name__.startswith("ViT") else "DeiT"]
    theirs = shake(architecture(config(**{**TINY, **options})), SPREAD)
    theirs.save_pretrained(folder)
    return theirs, load(folder)


def images(size):
    return torch.randn(2, 3, *size)


@BY_SIZE
@pytest.mark.parametrize("eps", [1e-12, 1e-6, 1e-2])
def test_all_three_logits_of_a_distilled_model(size, eps, tmp_path):
    theirs, ours = pair(
        DeiTForImageClassificationWithTeacher, tmp_path, image_size=size, layer_norm_eps=eps
    )
    raw = images(size)
    answer, wanted = ours(raw), theirs(raw)
    assert relative_error(answer.class_logits, wanted.cls_logits) < EXACT
    assert relative_error(answer.distillation_logits, wanted.distillation_logits) < EXACT
    assert relative_error(answer.logits, wanted.logits) < EXACT
    assert relative_error(wanted.cls_logits, wanted.distillation_logits) > 0.1
    assert relative_error(answer.logits[:1], wanted.logits[1:]) > 0.01


@BY_SIZE
@pytest.mark.parametrize("architecture", [ViTForImageClassification, DeiTForImageClassification])
def test_a_plain_model_and_one_whose_distillation_token_nobody_reads(architecture, size, tmp_path):
    theirs, ours = pair(architecture, tmp_path, image_size=size)
    raw = images(size)
    answer = ours(raw)
    assert relative_error(answer.class_logits, theirs(raw).logits) < EXACT
    assert answer.distillation_logits is None and answer.logits is answer.class_logits
    is_plain = architecture is ViTForImageClassification
    assert ours.tokens(raw).shape == (2, ours.config.num_patches + 2 - is_plain, 24)


@pytest.mark.parametrize("architecture", [DeiTModel, ViTModel])
def test_the_tokens_of_a_bare_model(architecture, tmp_path):
    theirs, ours = pair(architecture, tmp_path)
    raw = images(TINY["image_size"])
    tokens = ours.tokens(raw)
    assert relative_error(tokens, theirs(raw).last_hidden_state) < EXACT
    assert torch.equal(ours(raw).class_logits, tokens[:, 0])


def test_attention_maps_of_every_block(tmp_path, monkeypatch):
    softmax = functional.softmax  # transformers asks for float32 here, and the rest is float64
    monkeypatch.setattr(functional, "softmax", lambda scores, dim, **_: softmax(scores, dim))
    theirs, ours = pair(
        DeiTForImageClassificationWithTeacher, tmp_path, attn_implementation="eager"
    )
    raw = images(TINY["image_size"])
    with record(ours, "layers.*.attention.weights") as recorded:
        ours(raw)
    published = theirs(raw, output_attentions=True).attentions
    assert len(recorded) == len(published) == 3
    for (weights,), there in zip(recorded.values(), published, strict=True):
        assert relative_error(weights, there) < EXACT


# --- names on disk and in memory ------------------------------------------------------------------


@pytest.mark.parametrize(
    "architecture",
    [
        DeiTForImageClassificationWithTeacher,
        DeiTForMaskedImageModeling,
        DeiTModel,
        ViTForImageClassification,
    ],
)
def test_names_in_memory_are_read_like_those_on_disk(architecture, tmp_path):
    theirs, ours = pair(architecture, tmp_path)
    on_disk = load_file(tmp_path / "model.safetensors")
    assert any("encoder.layer.0.attention.attention.query" in name for name in on_disk)
    assert any("layers.0.attention.q_proj" in name for name in theirs.state_dict())
    (tmp_path / "model.safetensors").unlink()
    torch.save(theirs.state_dict(), tmp_path / "pytorch_model.bin")
    again = load(tmp_path).state_dict()
    for name, weight in ours.state_dict().items():
        assert torch.equal(weight, again[name]), name


# --- other sizes ----------------------------------------------------------------------------------


@BY_SIZE
@pytest.mark.parametrize(
    "architecture", [DeiTForImageClassificationWithTeacher, ViTForImageClassification]
)
def test_a_model_made_for_squares_takes_other_sizes_as_theirs_does(architecture, size, tmp_path):
    theirs, _ = pair(architecture, tmp_path, image_size=[24, 24])
    ours, raw = load(tmp_path, image_size=tuple(size)), images(size)
    wanted = theirs(raw, interpolate_pos_encoding=True).logits
    assert relative_error(ours(raw).logits, wanted) < EXACT


@pytest.mark.parametrize("size, works", [([24, 40], False), ([16, 64], True)])
def test_from_other_shapes_theirs_breaks_or_takes_them_for_squares(size, works, tmp_path):
    """Sixteen patches in two rows are read as four rows; fifteen are no square."""
    theirs, ours = pair(DeiTForImageClassificationWithTeacher, tmp_path, image_size=size)
    raw = images([32, 80])
    wanted = deit.resized(ours, (32, 80))(raw).logits
    if works:
        scrambled = theirs(raw, interpolate_pos_encoding=True).logits
        assert relative_error(wanted, scrambled) > 0.01
    else:
        with pytest.raises(RuntimeError, match="invalid for input of size"):
            theirs(raw, interpolate_pos_encoding=True)


def test_masked_pretraining_for_another_size(tmp_path):
    theirs, ours = pair(DeiTForMaskedImageModeling, tmp_path, image_size=24)
    raw, mask = images([40, 40]), torch.rand(2, 25) > 0.5
    with pytest.raises(RuntimeError, match="invalid for input of size"):  # its loss knows one size
        theirs(raw, bool_masked_pos=~mask, interpolate_pos_encoding=True)
    there = theirs.deit(raw, bool_masked_pos=~mask, interpolate_pos_encoding=True)
    drawn = theirs.decoder(there.last_hidden_state[:, 2:].mT.unflatten(2, (5, 5)))
    assert relative_error(deit.resized(ours, (40, 40))(raw, mask), drawn) < EXACT


# --- masked pre-training --------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_pictures_and_loss_of_masked_pretraining(share, tmp_path):
    theirs, ours = pair(DeiTForMaskedImageModeling, tmp_path, image_size=32)
    raw = images([32, 32])
    mask = torch.rand(2, 16) < share
    answer = theirs(raw, bool_masked_pos=~mask)
    assert relative_error(ours(raw, mask), answer.reconstruction) < EXACT
    hidden = (~mask).sum().item() * 8 * 8
    mean = answer.loss.item() * (hidden + 1e-5) / hidden  # theirs divides by 1e-5 of a pixel more
    assert ours.loss(raw, mask).item() == pytest.approx(mean, rel=EXACT)
    assert (mask[0] != mask[1]).any()


def test_pictures_of_any_shape_are_drawn_as_their_parts_would(tmp_path):
    """Theirs folds every answer into a square; its parts, put together for this size, agree."""
    theirs, ours = pair(DeiTForMaskedImageModeling, tmp_path)
    raw, mask = images(TINY["image_size"]), torch.rand(2, 15) > 0.5
    with pytest.raises(RuntimeError, match="invalid for input of size"):
        theirs(raw, bool_masked_pos=~mask)
    read = theirs.deit(raw, bool_masked_pos=~mask).last_hidden_state[:, 2:]
    drawn = theirs.decoder(read.mT.unflatten(2, (3, 5)))
    assert relative_error(ours(raw, mask), drawn) < EXACT
    hidden = (~mask).unflatten(1, (3, 5)).repeat_interleave(8, 1).repeat_interleave(8, 2)
    wanted = (drawn - raw).abs().movedim(1, -1)[hidden].mean()
    assert ours.loss(raw, mask).item() == pytest.approx(wanted.item(), rel=EXACT)


# --- what a configuration becomes -----------------------------------------------------------------


def test_configurations_are_read_as_published(tmp_path):
    sizes = {"channels": 24, "num_heads": 3, "depth": 3, "patch_size": 8, "widening_factor": 3}
    ours = OurConfig(**sizes, image_size=(24, 40), num_classes=5)
    wanted = {
        DeiTForImageClassificationWithTeacher: ours,
        DeiTForMaskedImageModeling: DeiTMaskedImageConfig(
            OurConfig(**sizes, image_size=(24, 40), num_classes=None)
        ),
        ViTForImageClassification: OurConfig(
            **sizes, image_size=(24, 40), num_classes=5, distilled=False
        ),
    }
    for architecture, config in wanted.items():
        assert pair(architecture, tmp_path)[1].config == config


def test_published_sizes_are_those_of_the_published_configurations():
    sizes = {"tiny": (192, 3), "small": (384, 6), "base": (768, 12)}
    for name, ours in deit.PUBLISHED.items():
        channels, heads = sizes[name.split("-")[1]]
        kind, architecture = (
            (DeiTConfig, "DeiTForImageClassificationWithTeacher")
            if "distilled" in name
            else (ViTConfig, "ViTForImageClassification")
        )
        theirs = kind(
            hidden_size=channels,
            num_attention_heads=heads,
            intermediate_size=4 * channels,
            image_size=int(name[-3:]),
            num_labels=1000,
            architectures=[architecture],
        )
        assert config_from_transformers(theirs.to_dict()) == ours
