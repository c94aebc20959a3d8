"""What is said about transformers' Perceiver as a library, and about its ancestor in JAX."""

import math
import re
from pathlib import Path

import meta
import pytest
import theirs
import torch
import transformers
import yaml
from shaken import in_float64, relative_error, shake
from tolerances import GOLDEN
from torch import nn
from transformers import PerceiverConfig, PerceiverModel
from transformers.activations import ACT2FN
from transformers.modeling_outputs import ModelOutput
from transformers.models.perceiver import modeling_perceiver as modeling

from perceiver_course import claim
from perceiver_tutorial.attention import MLP
from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.perceiver import DecoderConfig, EncoderConfig, PerceiverIO
from perceiver_tutorial.perceiver.config import ConvPoolStem
from perceiver_tutorial.perceiver.decoder import PerceiverDecoder
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.perceiver.postprocessors import LinearHead
from perceiver_tutorial.perceiver.preprocessors import PointPreprocessor
from perceiver_tutorial.perceiver.preprocessors.conv_stem import same_padding
from perceiver_tutorial.perceiver.queries import PlaceQueries

pytestmark = pytest.mark.usefixtures("no_gradients")

CITATION = Path(__file__).parents[2] / "CITATION.cff"


def defined_here(*endings):
    """Names of the module's own classes that end so, the abstract ones left out."""
    return sorted(
        name
        for name, value in vars(modeling).items()
        if isinstance(value, type) and name.startswith("Perceiver") and name.endswith(endings)
        if "Abstract" not in name
    )


def test_preprocessors_and_decoders_are_in_their_module_only():
    parts = defined_here("Preprocessor", "Decoder")
    tasks = [name for name in modeling.__all__ if name.startswith("PerceiverFor")]
    found = {
        "in the module": parts,
        "in its __all__": len(set(parts) & set(modeling.__all__)),
        "at top level": sum(hasattr(transformers, name) for name in parts),
        "models at top level": sum(hasattr(transformers, name) for name in tasks),
    }
    claim("pio.core.import-paths", found)


def test_output_classes_are_four_and_most_tasks_share_one():
    returned = {
        a.__name__.removeprefix("PerceiverFor"): type(theirs.tiny(a)(**theirs.tiny_input(a)))
        for a in theirs.SEVEN
    }
    outputs = [n for n in defined_here("Output") if issubclass(getattr(modeling, n), ModelOutput)]
    found = {
        "in the module": outputs,
        "at top level": sum(hasattr(transformers, name) for name in outputs),
        "returned": {task: output.__name__ for task, output in returned.items()},
    }
    claim("pio.core.output-classes", found)


def test_the_projection_decoder_cannot_be_built():
    broken = modeling.PerceiverProjectionDecoder
    with pytest.raises(TypeError, match="num_query_channels"):
        broken(PerceiverConfig())
    mended = type("Mended", (broken,), {"num_query_channels": 16})(PerceiverConfig(**theirs.TINY))
    answer = mended(None, torch.randn(2, 7, 16))
    found = {"missing": sorted(broken.__abstractmethods__), "returns": type(answer).__name__}
    claim("pio.core.projection-decoder-broken", found)


# -- parts of one's own --------------------------------------------------------------------


class Rows(nn.Module):
    """A preprocessor of five lines: rows of numbers, widened."""

    num_channels = 24

    def __init__(self):
        super().__init__()
        self.widen = nn.Linear(4, self.num_channels)

    def forward(self, inputs, **_):
        return self.widen(inputs), None, inputs


class Tags(nn.Module):
    """A decoder of five lines: every input asks for its three scores."""

    def __init__(self, config):
        super().__init__()
        self.read = modeling.PerceiverLayer(
            config, is_cross_attention=True, q_dim=24, kv_dim=config.d_latents
        )
        self.score = nn.Linear(24, 3)

    def decoder_query(self, inputs, *_, **__):
        return inputs

    def forward(self, query, z, **_):
        scores = self.score(self.read(query, inputs=z)[0])
        return modeling.PerceiverDecoderOutput(logits=scores)


class Percent(nn.Module):
    """A postprocessor of one line."""

    def forward(self, scores, **_):
        return scores.softmax(-1)


def their_tagger():
    config = PerceiverConfig(**theirs.TINY)
    parts = {"decoder": Tags(config), "input_preprocessor": Rows()}
    return shake(PerceiverModel(config, **parts, output_postprocessor=Percent()))


def our_tagger():
    points = PointPreprocessor(num_features=2, num_bands=3, max_resolution=(20, 30))
    sizes = EncoderConfig(7, 16, num_blocks=2, layers_per_block=3, self_heads=2, cross_heads=1)
    encoder = PerceiverEncoder(sizes, points.num_channels)
    decoder = PerceiverDecoder(DecoderConfig(), 24, 16)
    return shake(PerceiverIO(points, encoder, PlaceQueries(20, 24), decoder, LinearHead(24, 3)))


def answers_moved_by_the_first_input(tag, points):
    """How many of the other inputs' answers change: what changed reaches them by the latents."""
    moved = points.clone()
    moved[:, 0] += 1.0
    return int((tag(points) != tag(moved)).any(-1)[:, 1:].sum())


def test_a_new_task_takes_new_parts_only():
    points, tagger = torch.randn(2, 9, 4), their_tagger()
    taggers = {"transformers": lambda x: tagger(x).logits, "ours": our_tagger()}
    assert torch.allclose(tagger(points).logits.sum(-1), torch.ones(2, 9))
    found = {
        name: {"answers": tag(points).shape, "moved": answers_moved_by_the_first_input(tag, points)}
        for name, tag in taggers.items()
    }
    claim("pio.core.custom-parts", found)


# -- its ancestor in JAX -------------------------------------------------------------------


def golden(family):
    """Our model with DeepMind's weights, and whether its output is DeepMind's own."""
    with in_float64():
        arrays = meta.read_golden(family)
        model = load(meta.GOLDEN / f"{family}.npz", fidelity="deepmind")
    images, logits = arrays["i::im"].movedim(-1, 1), arrays["o::logits"]
    return model, lambda: relative_error(model(images), logits) < GOLDEN[family]["logits"]


def is_deepminds_with(act):
    model, is_deepminds = golden("fourier")
    for module in model.modules():
        if isinstance(module, MLP):
            module.act = act
    return is_deepminds()


def test_both_implementations_use_a_gelu_but_not_the_same():
    x = torch.linspace(-6, 6, 12_001)
    gelus = {"exact": nn.GELU(), "tanh": nn.GELU(approximate="tanh")}
    used = ACT2FN[PerceiverConfig().hidden_act]
    found = {
        "transformers": [name for name, act in gelus.items() if act(x).equal(used(x))],
        "deepmind": [name for name, act in gelus.items() if is_deepminds_with(act)],
        "apart": float(f"{(gelus['exact'](x) - gelus['tanh'](x)).abs().max():.2g}"),
    }
    claim("pio.core.gelu-variant", found)


def test_transformers_differs_from_the_code_it_comes_from():
    conv, conv_is_deepminds = golden("conv")
    learned, learned_is_deepminds = golden("learned")
    assert conv_is_deepminds() and learned_is_deepminds()
    stem = theirs.published(theirs.CONV).perceiver.input_preprocessor.convnet
    cells = stem(torch.zeros(1, 3, 224, 224, device="meta")).shape[-2:].numel()
    padding = conv.preprocessor.stem[0].padding
    cells_of_ours = ConvPoolStem(64, padding=padding).cells((224, 224))
    left, right, *_ = stem.conv.zero_pad_2d.padding
    residual = theirs.decoding(theirs.published(theirs.LEARNED)).attention.use_query_residual
    found = {
        "transformers": {"cells": cells, "pads": [left, right], "residual": residual},
        "deepmind": {
            "cells": math.prod(cells_of_ours),
            "pads": same_padding(224, kernel=7, stride=2),
            "residual": learned.decoder.cross.query_residual,
        },
    }
    claim("pio.core.jax-origin", found)


def cited(kind):
    """The one reference of a kind in our CITATION.cff that is about Perceiver IO."""
    references = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["references"]
    return next(r for r in references if r["type"] == kind and "Perceiver IO" in r["title"])


def test_code_and_parameters_have_different_licences():
    code = Path(modeling.__file__).read_text(encoding="utf-8")
    licence = re.search(r"# Licensed under the (.*) \(the", code).group(1)
    claim("pio.core.license", {"code": licence, "parameters": cited("data")["license"]})
