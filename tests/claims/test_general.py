"""What is said about other models, about the documents themselves, and about running all this."""

import inspect
import math
import re
from dataclasses import replace

import measured
import pytest
import theirs
import torch
import transformers
from measured import cost_of, walk_of
from transformers import (
    ViTConfig,
    ViTModel,
    VivitConfig,
    VivitModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
)
from transformers.models.perceiver.modeling_perceiver import PerceiverClassificationDecoder
from transformers.utils import import_utils

from perceiver_course import claim
from perceiver_course.kit.claims import read_claims
from perceiver_tutorial.perceiver import PUBLISHED, TEXT_CLASSIFIER, build, example_input
from perceiver_tutorial.tracing import cost

pytestmark = pytest.mark.usefixtures("no_gradients")

FAMILIES = {"conv": measured.CONV, "fourier": measured.FOURIER}


# -- other models --------------------------------------------------------------------------


def test_wav2vec2_turns_a_second_of_sound_into_49_rows():
    config = Wav2Vec2Config(num_hidden_layers=1)
    with torch.device("meta"):
        encoder = Wav2Vec2Model(config).feature_extractor
        features = encoder(torch.zeros(1, 16_000))
    layers = [type(layer.conv).__name__ for layer in encoder.conv_layers]
    found = {
        "layers": len(layers),
        "kind": sorted(set(layers)),
        "stride": math.prod(layer.conv.stride[0] for layer in encoder.conv_layers),
        "features": features.shape,
    }
    claim("gen.wav2vec2", found)


def moved_tokens(embed, raw):
    """How many tokens change when one number of the raw data does: one, if nothing overlaps."""
    other = raw.clone()
    other[(0,) * raw.ndim] += 1.0
    return int((embed(raw) != embed(other)).any(-1).sum())


def embedding(model, raw):
    """The tokens, how far apart they are, and how many see the first pixel."""
    embed = model.embeddings.patch_embeddings
    found = {"tokens": embed(raw).shape[1], "size": embed.projection.kernel_size}
    return {**found, "stride": embed.projection.stride, "see a pixel": moved_tokens(embed, raw)}


def test_vit_cuts_an_image_into_196_patches():
    model = ViTModel(ViTConfig(hidden_size=12, num_attention_heads=2, num_hidden_layers=1))
    claim("gen.vit-patches", embedding(model, torch.randn(1, 3, 224, 224)))


def test_vivit_cuts_a_video_into_tubes():
    sizes = {"hidden_size": 12, "num_attention_heads": 2, "num_hidden_layers": 1}
    model, video = VivitModel(VivitConfig(**sizes)), torch.randn(1, 32, 3, 224, 224)
    claim("gen.vivit-tubes", embedding(model, video))


# -- the library ---------------------------------------------------------------------------


def test_image_processors_fall_back_to_pillow_with_a_warning(monkeypatch):
    said = []
    monkeypatch.setattr(import_utils.logger, "warning_once", said.append)
    found = {}
    for name in ("PerceiverImageProcessor", "DeiTImageProcessor", "BitImageProcessor"):
        monkeypatch.setitem(transformers._object_missing_backend, name, ["torchvision"])
        monkeypatch.setitem(vars(transformers), name, None)  # so that it is put back afterwards
        monkeypatch.delitem(vars(transformers), name)
        found[name] = getattr(transformers, name).__name__
        getattr(transformers, f"{name}Pil")
    warned = [name for name in found if any(f"`{name}` requires torchvision" in x for x in said)]
    claim("gen.torchvision", {**found, "warnings": len(said), "about": len(warned)})


# -- the documents -------------------------------------------------------------------------


WITHOUT_INDENTATION = """
class TextClassifier(PerceiverPreTrainedModel):
def __init__(self, config):
super().__init__(config)
"""
CURLY_QUOTES = "preprocessor = PerceiverImagePreprocessor(config, prep_type=“conv1x1”)"
RUN_TOGETHER = (
    "PerceiverForImageClassificationLearnedPerceiverForImageClassificationFourier"
    "PerceiverForImageClassificationConvProcessing"
)


def error_of(source):
    with pytest.raises(SyntaxError) as error:
        compile(source, "the document", "exec")
    return error.type.__name__


def test_code_as_the_translation_prints_it_does_not_compile():
    names = [name for name in dir(transformers) if name.startswith("PerceiverFor")]
    inside = re.findall("|".join(names), RUN_TOGETHER)
    assert "".join(inside) == RUN_TOGETHER
    found = {
        "without indentation": error_of(WITHOUT_INDENTATION),
        "curly quotes": error_of(CURLY_QUOTES),
        "run together exists": hasattr(transformers, RUN_TOGETHER),
        "names inside": len(inside),
    }
    claim("gen.translation-artifacts", found)


def test_the_english_library_says_what_the_translation_says():
    english = inspect.getdoc(PerceiverClassificationDecoder)
    said = re.search(r"The queries are of shape (\(.*?\))", english).group(1)
    flow = theirs.published(theirs.FLOW).perceiver.input_preprocessor
    patches, positions = flow.conv_after_patches.in_features, flow.position_embeddings.output_size()
    found = {
        "queries in English": said,
        "queries": walk_of(TEXT_CLASSIFIER)["queries"].shape,
        "patches and positions": patches + positions,
        "channels": walk_of(measured.FLOW)["preprocessor"].shape[-1],
    }
    claim("gen.translation-same-as-english", found)


def parameters(config):
    with torch.device("meta"):
        return sum(p.numel() for p in build(config).parameters())


def test_neither_document_means_a_published_model():
    claims = read_claims().values()
    said = {c.source for c in claims if "84.5" in c.claim and "JFT" in c.claim}
    fourier = PUBLISHED[measured.FOURIER]
    larger = {"num_blocks": 16, "layers_per_block": 1, "block_schedule": tuple(range(16))}
    encoder = replace(fourier.encoder, **larger, self_widening_factor=4)
    found = {name: parameters(model) for name, model in FAMILIES.items()}
    found["config B"] = parameters(replace(fourier, encoder=encoder))
    claim("gen.document-contradiction-84.5", {"documents": sorted(said), "parameters": found})


# -- running it ----------------------------------------------------------------------------


def gibibytes(model, points=None):
    """Most memory at a time: weights, and what is alive between them."""
    total = cost(model, points=points).total if points else cost_of(model).total
    return round((4 * total.parameters + total.peak_bytes) / 2**30, 1)


def answer_of_a_full_size_model():
    with torch.device("meta"):
        model = build(TEXT_CLASSIFIER).eval()
    for parameter in model.to_empty(device="cpu").parameters():
        parameter.fill_(0.01)
    return model(example_input(TEXT_CLASSIFIER))


def test_full_size_models_run_on_a_small_computer():
    chunk = {"image": torch.arange(6272), "audio": torch.arange(15), "label": torch.arange(1)}
    families = {
        "text": TEXT_CLASSIFIER,
        "learned": measured.LEARNED,
        **FAMILIES,
        "flow": measured.FLOW,
    }
    found = {name: gibibytes(model) for name, model in families.items()}
    found["multimodal chunk"] = gibibytes(measured.MULTIMODAL, chunk)
    answer = answer_of_a_full_size_model()
    assert answer.isfinite().all()
    claim("gen.running-cost", {"GiB": found, "answer of text": answer.shape})
