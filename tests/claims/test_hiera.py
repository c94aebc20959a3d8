"""What is said about Hiera by its card and its paper, tried on code."""

import re
from pathlib import Path

import meta
import numpy as np
import pytest
import theirs_hiera
import torch
import transformers
import yaml
from measured import cost_of, walk_of
from PIL import Image
from shaken import in_float64, relative_error
from tolerances import GOLDEN
from torch import nn
from transformers import (
    BitImageProcessorPil,
    DeiTConfig,
    DeiTModel,
    HieraConfig,
    HieraForImageClassification,
    HieraModel,
    ResNetConfig,
    ResNetModel,
)
from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES
from transformers.models.hiera import modeling_hiera as modeling

from perceiver_course import claim
from perceiver_tutorial.checkpoints.pictures import IMAGENET_MEAN, IMAGENET_STD
from perceiver_tutorial.hiera import PUBLISHED, build
from perceiver_tutorial.tracing import cost

pytestmark = pytest.mark.usefixtures("no_gradients")

FEATURES, CLASSIFIER = "facebook/hiera-tiny-224-hf", "facebook/hiera-tiny-224-in1k-hf"
CITATION = Path(__file__).parents[2] / "CITATION.cff"
META = {"device": "meta"}


def children(model):
    return [name for name, _ in model.named_children()]


# -- the card ------------------------------------------------------------------------------


def test_the_checkpoint_of_the_card_has_no_classes():
    found = {name: walk_of(name)["answer"].shape for name in (FEATURES, CLASSIFIER)}
    more = walk_of(CLASSIFIER).parameters - walk_of(FEATURES).parameters
    assert theirs_hiera.published(HieraModel).num_parameters() == walk_of(FEATURES).parameters
    claim("hiera.title-finetuned", {**found, "more parameters": more})


def test_a_hiera_model_has_no_classifier():
    both = (HieraModel, HieraForImageClassification)
    claim("hiera.purpose", {a.__name__: children(theirs_hiera.published(a)) for a in both})


def test_the_names_of_the_card_exist_and_bit_prepares_the_images():
    names = ("AutoImageProcessor", "HieraModel", "HieraImageProcessor")
    found = [name for name in names if hasattr(transformers, name)]
    claim("hiera.api-model", {"exist": found, "for": IMAGE_PROCESSOR_MAPPING_NAMES["hiera"]})


def processed(image, **options):
    return BitImageProcessorPil(**options)(image, return_tensors="pt").pixel_values[0]


def test_images_are_resized_then_cropped_then_normalised():
    published = {"size": {"shortest_edge": 256}, "image_mean": IMAGENET_MEAN}
    y, x = np.mgrid[:200, :250].astype(np.uint8)
    ramps = np.stack([y, x, x])
    found = {}
    for name, options in {"published": published, "default": {}}.items():
        seen = processed(ramps, **options, do_rescale=False, do_normalize=False)
        found[f"{name} rows"] = [int(seen[0].min()), int(seen[0].max())]
    white = processed(np.full((3, 50, 60), 255, np.uint8), **published, image_std=IMAGENET_STD)
    default = BitImageProcessorPil()
    assert default.resample == Image.Resampling.BICUBIC
    found["shape"] = white.shape
    found["white"] = [round(float(c), 4) for c in white[:, 0, 0]]
    found["default mean"] = [round(m, 4) for m in default.image_mean]
    claim("hiera.preprocess", found)


def test_three_tasks_and_a_backbone_have_classes():
    models = sorted(n for n in modeling.__all__ if "PreTrained" not in n)
    assert all(hasattr(transformers, name) for name in models)
    claim("hiera.tasks", models)


def test_tokens_become_fewer_and_wider():
    model, seen = theirs_hiera.published(HieraModel), []
    for stage in model.encoder.stages:
        stage.register_forward_hook(lambda _module, _, out: seen.append(list(out[0].shape[1:])))
    model(theirs_hiera.images(**META))
    with torch.device("meta"):
        maps = build(FEATURES).feature_maps(theirs_hiera.images(**META))
    assert seen == [[m.shape[2] * m.shape[3], m.shape[1]] for m in maps]
    claim("hiera.hierarchy", [m.movedim(1, -1).shape[1:] for m in maps])


def test_a_plain_vision_transformer_keeps_its_tokens_and_its_width():
    sizes = {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536}
    with torch.device("meta"):
        deit = DeiTModel(DeiTConfig(**sizes)).eval()
    layers = deit(theirs_hiera.images(**META), output_hidden_states=True).hidden_states
    found = {"layers": len(layers) - 1, "shapes": [list(s) for s in {h.shape for h in layers}]}
    claim("hiera.vit-constant", found)


def test_resnet_halves_its_grid_and_doubles_its_width():
    with torch.device("meta"):
        resnet = ResNetModel(ResNetConfig()).eval()
    maps = resnet(theirs_hiera.images(**META), output_hidden_states=True).hidden_states
    claim("hiera.resnet", [m.shape[1:] for m in maps[1:]])


def leaves(model):
    """How many modules of each kind have no parts."""
    kinds = [type(m).__name__ for m in model.modules() if not list(m.children())]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def own_parameters(model):
    """Parameters that belong to no linear map, convolution or norm."""
    return [
        f"{name}.{own}"
        for name, module in model.named_modules()
        if not isinstance(module, (nn.Linear, nn.Conv2d, nn.LayerNorm))
        for own, _ in module.named_parameters(recurse=False)
    ]


def test_nothing_is_in_it_but_linear_maps_norms_and_one_convolution():
    theirs = theirs_hiera.published()
    with torch.device("meta"):
        ours = build(CLASSIFIER)
    kinds = ("Conv2d", "LayerNorm", "Linear")
    assert [leaves(ours)[kind] for kind in kinds] == [leaves(theirs)[kind] for kind in kinds]
    assert own_parameters(ours) == ["encoder.positions.table"]
    claim("hiera.simple", {**leaves(theirs), "of their own": own_parameters(theirs)})


def cited(kind):
    """The one reference of a kind in our CITATION.cff that is about Hiera."""
    references = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["references"]
    return next(r for r in references if r["type"] == kind and "Hiera" in r["title"])


def test_hiera_has_thirteen_authors():
    paper = cited("article")
    found = {"authors": len(paper["authors"]), "year": paper["year"]}
    claim("hiera.authors", {**found, "arxiv": paper["identifiers"][0]["value"]})


def test_code_and_weights_have_different_licences():
    code = Path(modeling.__file__).read_text(encoding="utf-8")
    licence = re.search(r"# Licensed under the (.*) \(the", code).group(1)
    claim("hiera.license", {"code": licence, "weights": cited("data")["license"]})


def test_the_classes_are_imagenets_and_the_library_is_transformers():
    classes = walk_of(CLASSIFIER)["answer"].axes["classes"]
    library = type(transformers.AutoConfig.for_model("hiera")).__module__.split(".")[0]
    claim("hiera.dataset", {"classes": classes, "library": library})


def test_the_same_weights_give_metas_numbers():
    sizes = {"embed_dim": 4, "image_size": [64, 96], "depths": [1, 2, 2, 1], "num_labels": 5}
    with in_float64():
        ours, given, want = meta.golden("hiera")
        theirs = HieraForImageClassification(HieraConfig(**sizes)).eval()
        theirs.load_state_dict(meta.as_transformers(ours, "HieraForImageClassification"))
        logits = theirs(given["images"]).logits
    answers = {"logits": logits, "softmax": logits.softmax(-1)}
    found = {
        f"Meta's {mode}": [
            k for k, v in answers.items() if relative_error(v, want[name]) < GOLDEN["hiera"][name]
        ]
        for mode, name in {"while training": "logits", "in evaluation": "answer"}.items()
    }
    claim("hiera.matches-meta", found)


# -- sizes ---------------------------------------------------------------------------------


def size_of(size):
    """Parameters, multiply-accumulates and shape of a published classifier."""
    name = f"facebook/hiera-{size}-224-in1k-hf"
    total, config = cost_of(name).total, PUBLISHED[name]
    assert theirs_hiera.published(size=size).num_parameters() == total.parameters
    return {
        "parameters": total.parameters,
        "GMAC": round(total.flops / 2e9, 2),
        "channels": config.embed_channels,
        "blocks": config.stages,
        "heads": [config.num_heads * 2**stage for stage in range(4)],
    }


def test_the_smaller_published_sizes():
    claim("hiera.size-tiny", size_of("tiny"))
    claim("hiera.size-small", size_of("small"))
    claim("hiera.size-base", size_of("base"))


def test_the_larger_published_sizes():
    claim("hiera.size-base-plus", size_of("base-plus"))
    claim("hiera.size-large", size_of("large"))
    claim("hiera.size-huge", size_of("huge"))


def test_without_arguments_it_is_hiera_base():
    config = HieraConfig(num_labels=1000)
    with torch.device("meta"):
        parameters = HieraForImageClassification(config).num_parameters()
    found = {name: getattr(config, name) for name in ("embed_dim", "depths", "num_heads")}
    claim("hiera.default-config", {**found, "parameters": parameters})


def test_most_of_the_compute_is_in_the_third_stage():
    with torch.device("meta"):
        encoder = build(CLASSIFIER).encoder
        passing = theirs_hiera.images()
    tokens, found = encoder.embed(passing), {}
    for name, part in {"patches": encoder.patches, **dict(enumerate(encoder.stages, 1))}.items():
        total = cost(part, passing if name == "patches" else tokens).total
        tokens = tokens if name == "patches" else part(tokens)
        found[name] = {"GMAC": round(total.flops / 2e9, 3), "parameters": total.parameters}
    assert found[3]["GMAC"] * 2 > cost_of(CLASSIFIER).total.flops / 2e9
    claim("hiera.stage-share", found)
