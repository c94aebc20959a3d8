"""What is said about transformers' DeiT and its checkpoints: names, pictures, what loads."""

import re
from pathlib import Path

import numpy as np
import pytest
import theirs_deit
import torch
import transformers
import yaml
from PIL import Image
from safetensors.torch import load_file
from shaken import relative_error
from transformers import (
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    DeiTForMaskedImageModeling,
    DeiTImageProcessorPil,
    DeiTModel,
)
from transformers.models.deit import modeling_deit as modeling

from perceiver_course import claim
from perceiver_course.chapters.distillation_token.model import prepare_deit
from perceiver_tutorial import deit
from perceiver_tutorial.checkpoints.pictures import IMAGENET_MEAN, IMAGENET_STD, normalise

pytestmark = pytest.mark.usefixtures("no_gradients")

WITH_TEACHER = DeiTForImageClassificationWithTeacher
CITATION = Path(__file__).parents[2] / "CITATION.cff"
CARD = """
@misc{touvron2021training, eprint={2012.12877}}
@misc{wu2020visual, eprint={2006.03677}}
@inproceedings{deng2009imagenet, pages={248--255}}
"""


# -- pictures ------------------------------------------------------------------------------


def ramps(height, width, axis):
    """A picture that says where it is: along an axis every pixel counts on, in two channels."""
    pixels = np.broadcast_to(np.indices((height, width))[axis], (3, height, width))
    shift = np.array([0, pixels.max() - 255, 0])[:, None, None]
    return (pixels - shift).clip(0, 255).astype(np.uint8), int(pixels.max() - 255)


def covered(axis, **options):
    """First and last row or column of 480 x 640 pixels that can be seen at the end."""
    image, shift = ramps(480, 640, axis)
    processor = DeiTImageProcessorPil(**options, do_rescale=False, do_normalize=False)
    seen = processor(image, return_tensors="pt").pixel_values[0]
    return [int(seen[0].min()), int(seen[1].max()) + shift]


def test_pictures_are_squashed_to_256_then_cropped():
    kept, processor = {"size": {"shortest_edge": 256}}, DeiTImageProcessorPil()
    assert processor.resample == Image.Resampling.BICUBIC
    photograph = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    found = {"size": [processor.size.height, processor.size.width]}
    found |= {"transformers": {"x": covered(1), "y": covered(0)}}
    found |= {"shape kept": {"x": covered(1, **kept), "y": covered(0, **kept)}}
    colours = {"image_mean": IMAGENET_MEAN, "image_std": IMAGENET_STD}
    for squash, size in ((True, {}), (False, kept)):
        theirs = DeiTImageProcessorPil(**size, **colours)(photograph, return_tensors="pt")
        assert torch.equal(prepare_deit(photograph, squash=squash), theirs.pixel_values)
    claim("deit.resize", {**found, "answer": prepare_deit(photograph).shape})


def test_mean_and_deviation_are_other_ones_without_arguments():
    default, white = DeiTImageProcessorPil(), Image.new("RGB", (300, 300), "white")
    plain = default(white, return_tensors="pt").pixel_values
    found = {
        "default": [default.image_mean, default.image_std],
        "white by default": round(float(plain.max()), 3),
        "white, ImageNet": [round(x, 3) for x in normalise(white)[0, :, 0, 0].tolist()],
    }
    claim("deit.mean-std", found)


# -- what loads ----------------------------------------------------------------------------


def test_only_one_class_uses_both_trained_heads(tmp_path):
    theirs_deit.narrow().save_pretrained(tmp_path)
    found = {}
    for kind in (WITH_TEACHER, DeiTForImageClassification, DeiTModel):
        _, report = kind.from_pretrained(tmp_path, output_loading_info=True)
        found[kind.__name__] = {
            "missing": sorted(report["missing_keys"]),
            "unexpected": sorted(report["unexpected_keys"]),
        }
    claim("deit.usable-classes", found)


def test_labels_are_swallowed_without_a_loss():
    images, labels = theirs_deit.images(), torch.tensor([1, 3])
    answer = theirs_deit.narrow()(images, labels=labels)
    plain = theirs_deit.narrow(DeiTForImageClassification)(images, labels=labels)
    claim("deit.teacher-no-loss", {"two heads": "loss" in answer, "one head": "loss" in plain})


def test_modules_have_other_names_than_files_and_older_tutorials(tmp_path):
    theirs_deit.narrow().save_pretrained(tmp_path)
    names = [name for name, _ in theirs_deit.published().named_modules()]
    outside = [name for name in names if name and "layers." not in name and name.count(".") < 2]
    layer = [n.removeprefix("deit.layers.0.") for n in names if n.startswith("deit.layers.0.")]
    stored = [name for name in load_file(tmp_path / "model.safetensors") if ".0." in name]
    query = [name for name in stored if name.endswith("query.weight")]
    claim("deit.module-names", {"model": outside, "layer": layer, "query in a file": query})


def test_one_class_of_outputs_is_its_own():
    images = theirs_deit.images()
    models = (WITH_TEACHER, DeiTForImageClassification, DeiTForMaskedImageModeling)
    kinds = [type(theirs_deit.narrow(model)(images)) for model in models]
    own = [kind for kind in kinds if kind.__module__ == modeling.__name__]
    found = {
        "returned": [kind.__name__ for kind in kinds],
        "its own": len(own),
        "at top level": sum(hasattr(transformers, kind.__name__) for kind in own),
    }
    claim("deit.output-classes", found)


def test_norms_add_less_than_in_the_original_and_it_hardly_matters():
    images, default = theirs_deit.images(), DeiTConfig().layer_norm_eps
    theirs, original = (theirs_deit.narrow(layer_norm_eps=eps) for eps in (default, 1e-6))
    assert deit.PUBLISHED["facebook/deit-small-distilled-patch16-224"].norm_eps == default
    off = relative_error(theirs(images).logits, original(images).logits)
    claim("deit.layernorm-eps", {"default": default, "moves the logits": off > 1e-4})


# -- papers and licences -------------------------------------------------------------------


def references(kind):
    """Those of our CITATION.cff that are about DeiT."""
    listed = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["references"]
    return [r for r in listed if r["type"] == kind and re.search("DeiT|data-efficient", r["title"])]


def test_code_and_weights_have_one_licence():
    code = Path(modeling.__file__).read_text(encoding="utf-8")
    licence = re.search(r"# Licensed under the (.*) \(the", code).group(1)
    (weights,) = references("data")
    claim("deit.license", {"code": licence, "weights": weights["license"]})


def test_the_card_cites_three_papers_and_the_first_is_ours():
    (paper,) = references("article")
    entries, numbers = re.findall(r"^@", CARD, re.M), re.findall(r"eprint={(.*?)}", CARD)
    arxiv = paper["identifiers"][0]["value"]
    assert arxiv == f"arXiv:{numbers[0]}"
    claim("deit.wu-citation", {"entries": len(entries), "arxiv": numbers, "ours": arxiv})
