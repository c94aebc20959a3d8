"""All seven Perceivers of transformers, tiny, shaken, saved by transformers and loaded by us."""

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from transformers import (
    PerceiverConfig,
    PerceiverForImageClassificationConvProcessing,
    PerceiverForImageClassificationFourier,
    PerceiverForImageClassificationLearned,
    PerceiverForMaskedLM,
    PerceiverForMultimodalAutoencoding,
    PerceiverForOpticalFlow,
    PerceiverForSequenceClassification,
)
from transformers.models.perceiver import modeling_perceiver

from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.hooks import record

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")

TINY = {
    "num_latents": 7,
    "d_latents": 16,
    "d_model": 24,
    "num_blocks": 2,
    "num_self_attends_per_block": 3,
    "num_self_attention_heads": 2,
    "num_cross_attention_heads": 1,
    "num_labels": 5,
    "max_position_embeddings": 20,
    "image_size": 11,
}
NARROW_KEYS = {"qk_channels": 8, "v_channels": 16}
WIDE_MLPS = {"self_attention_widening_factor": 2, "cross_attention_widening_factor": 3}
OPTIONS = {
    "default": {},
    "narrow keys": NARROW_KEYS,
    "wide MLPs": WIDE_MLPS,
    "no read residual": {"use_query_residual": False},
    "tanh GELU": {"hidden_act": "gelu_pytorch_tanh"},
}


@pytest.fixture(autouse=True)
def _exact_positions(monkeypatch):
    """Positions in float64; transformers makes them in float32, whatever the rest is."""

    def build_linear_positions(index_dims, output_range=(-1.0, 1.0), device=None):
        axes = [torch.linspace(*output_range, cells, device=device) for cells in index_dims]
        return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)

    monkeypatch.setattr(modeling_perceiver, "build_linear_positions", build_linear_positions)


def pair(architecture, folder, size=None, **options):
    """Theirs, shaken; ours, loaded from what theirs saved."""
    theirs = architecture(PerceiverConfig(**{**TINY, **options}))
    shake(theirs).save_pretrained(folder)
    return theirs, load(folder, image_size=size)


def answers_and_attention(model, *raw, **options):
    """One forward pass without recording and one with it: they must agree."""
    quiet = model(*raw, **options)
    with record(model, "*.weights") as recorded:
        recording = model(*raw, **options)
    assert relative_error(recording, quiet) < EXACT
    return quiet, recorded


def assert_same_attention(recorded, theirs, decoder="decoder.cross"):
    """Every map: reading, all passes of thinking in order, decoding."""
    read, decode = theirs.cross_attentions
    assert relative_error(recorded["encoder.cross.0.attention.weights"][0], read) < EXACT
    assert relative_error(recorded[f"{decoder}.attention.weights"][0], decode) < EXACT
    names = [name for name in recorded if name.startswith("encoder.blocks")]
    passes = zip(*(recorded[name] for name in names), strict=True)
    thinking = [weights for one_pass in passes for weights in one_pass]
    assert len(thinking) == len(theirs.attentions) > 0
    for ours, published in zip(thinking, theirs.attentions, strict=True):
        assert relative_error(ours, published) < EXACT


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("size", [(12, 10), (9, 14)])
def test_fourier_images(options, size, tmp_path):
    theirs, ours = pair(PerceiverForImageClassificationFourier, tmp_path, size, **options)
    images = torch.randn(2, 3, *size)
    want = theirs(images, output_attentions=True)
    assert relative_error(ours(images), want.logits) < EXACT
    with record(ours, "*.weights") as recorded:
        assert relative_error(ours(images), want.logits) < EXACT
    assert_same_attention(recorded, want)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_images_with_learned_positions(options, tmp_path):
    theirs, ours = pair(PerceiverForImageClassificationLearned, tmp_path, **options)
    images = torch.randn(2, 3, 11, 11)
    got, recorded = answers_and_attention(ours, images)
    want = theirs(images, output_attentions=True)
    assert relative_error(got, want.logits) < EXACT
    assert_same_attention(recorded, want)


def test_learned_positions_stretched_to_an_oblong_image(tmp_path):
    theirs, ours = pair(PerceiverForImageClassificationLearned, tmp_path, (9, 14))
    images = torch.randn(2, 3, 9, 14)
    want = theirs(images, interpolate_pos_encoding=True).logits
    assert relative_error(ours(images), want) < EXACT


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("size", [(12, 10), (9, 14)])
def test_images_with_fourier_positions(options, size, tmp_path):
    theirs, ours = pair(PerceiverForImageClassificationFourier, tmp_path, size, **options)
    images = torch.randn(2, 3, *size)
    got, recorded = answers_and_attention(ours, images)
    want = theirs(images, output_attentions=True)
    assert relative_error(got, want.logits) < EXACT
    assert_same_attention(recorded, want)


@pytest.mark.parametrize("size", [(64, 48), (53, 66)])
def test_images_through_convolution_and_pooling(size, tmp_path):
    theirs, ours = pair(PerceiverForImageClassificationConvProcessing, tmp_path, size)
    images = torch.randn(2, 3, *size)
    got, recorded = answers_and_attention(ours, images)
    want = theirs(images, output_attentions=True)
    assert relative_error(got, want.logits) < EXACT
    assert_same_attention(recorded, want)


def padded_text(num_bytes):
    ids = torch.randint(0, 262, (2, num_bytes))
    mask = torch.ones(2, num_bytes, dtype=torch.bool)
    mask[1, num_bytes // 2 :] = False
    return ids, mask


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("num_bytes", [20, 13])
def test_masked_language_modelling(options, num_bytes, tmp_path):
    theirs, ours = pair(PerceiverForMaskedLM, tmp_path, **options)
    ids, mask = padded_text(num_bytes)
    got, recorded = answers_and_attention(ours, ids, mask=mask)
    want = theirs(ids, attention_mask=mask.long(), output_attentions=True)
    assert relative_error(got, want.logits[:, :num_bytes]) < EXACT
    want.cross_attentions = (want.cross_attentions[0], want.cross_attentions[1][:, :, :num_bytes])
    assert_same_attention(recorded, want)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_text_classification(options, tmp_path):
    theirs, ours = pair(PerceiverForSequenceClassification, tmp_path, **options)
    ids, mask = padded_text(13)
    got, recorded = answers_and_attention(ours, ids, mask=mask)
    want = theirs(ids, attention_mask=mask.long(), output_attentions=True)
    assert relative_error(got, want.logits) < EXACT
    assert_same_attention(recorded, want)


def test_optical_flow(tmp_path):
    theirs, ours = pair(PerceiverForOpticalFlow, tmp_path, train_size=[12, 10])
    patches = torch.randn(2, 2, 27, 12, 10)
    got, recorded = answers_and_attention(ours, patches)
    want = theirs(patches, output_attentions=True)
    assert relative_error(got, want.logits) < EXACT
    assert_same_attention(recorded, want)


def test_multimodal_autoencoding(tmp_path):
    sizes = {
        "num_frames": 2,
        "image_size": 5,
        "output_shape": [1, 2, 12, 16],
        "audio_samples_per_frame": 48,
        "output_num_channels": 12,
        "_label_trainable_num_channels": 30,
    }
    theirs, ours = pair(PerceiverForMultimodalAutoencoding, tmp_path, **sizes)
    raw = {
        "image": torch.randn(2, 2, 3, 12, 16),
        "audio": torch.randn(2, 96, 1),
        "label": torch.randn(2, 5),
    }
    asked = {"image": torch.tensor([0, 7, 383, 100]), "audio": torch.tensor([5, 0, 3])}
    want = theirs(raw, subsampled_output_points={**asked, "label": None}, output_attentions=True)
    points = {**asked, "label": torch.tensor([0])}
    with record(ours, "*.weights") as recorded:
        got = ours.decode(ours.encode(raw), raw, points=points)
    for name in ("image", "audio", "label"):
        assert relative_error(got[name], want.logits[name]) < EXACT
    assert_same_attention(recorded, want, decoder="decoder.cross")


def test_an_older_pytorch_model_bin_loads_too(tmp_path):
    theirs, _ = pair(PerceiverForMaskedLM, tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(theirs.state_dict(), tmp_path / "pytorch_model.bin")
    ids, mask = padded_text(20)
    want = theirs(ids, attention_mask=mask.long()).logits
    assert relative_error(load(tmp_path)(ids, mask=mask), want) < EXACT
