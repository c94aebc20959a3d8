"""What is said about vision-perceiver-fourier, its card included, tried on code."""

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import measured
import numpy as np
import pytest
import theirs
import torch
import transformers
import yaml
from measured import cost_of, gflop, shallow, walk_of
from PIL import Image
from transformers import PerceiverConfig, PerceiverImageProcessorPil
from transformers.models.perceiver.modeling_perceiver import PerceiverImagePreprocessor

from perceiver_course import claim
from perceiver_tutorial.attention import SelfAttentionLayer
from perceiver_tutorial.perceiver import PUBLISHED, PixelStem, build
from perceiver_tutorial.tracing import cost, walk

pytestmark = pytest.mark.usefixtures("no_gradients")

CONFIG = PUBLISHED[measured.FOURIER]
CITATION = Path(__file__).parents[2] / "CITATION.cff"


@pytest.fixture(scope="module")
def preprocessor():
    """The preprocessor of transformers. It has no sizes of its own, so tiny is published."""
    model = theirs.FOURIER(PerceiverConfig(**theirs.TINY))
    return model.perceiver.input_preprocessor


@cache
def parameters(config):
    with torch.device("meta"):
        return sum(p.numel() for p in build(config).parameters())


# -- the data and the call -----------------------------------------------------------------


def test_a_head_for_all_of_imagenet_would_show_in_the_parameters():
    classes = walk_of(measured.FOURIER)["answer"].axes["classes"]
    counts = {n: parameters(replace(CONFIG, num_classes=n)) for n in (classes, 21_800)}
    claim("pio.img-fourier.trained-on-14m", {"classes": classes, "parameters": counts})


def test_images_have_224_by_224_pixels():
    published = theirs.published(theirs.FOURIER).perceiver.input_preprocessor
    raw = walk_of(measured.FOURIER)["raw"].shape
    resolution = published.position_embeddings.max_resolution
    claim("pio.img-fourier.resolution", {"raw": raw, "max_resolution": resolution})


def test_the_names_of_the_card_still_exist():
    names = ("PerceiverForImageClassificationFourier", "PerceiverImageProcessor")
    claim("pio.img-fourier.api", [name for name in names if hasattr(transformers, name)])


@pytest.mark.skipif(find_spec("torchvision") is not None, reason="torchvision is installed")
def test_without_torchvision_images_are_processed_by_pillow():
    assert transformers.PerceiverImageProcessor is PerceiverImageProcessorPil


def test_images_come_in_under_either_name_but_not_both():
    model = theirs.tiny(theirs.FOURIER)
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8))
    pixels = PerceiverImageProcessorPil()(photo, return_tensors="pt").pixel_values
    logits = model(pixels).logits
    assert torch.equal(logits, model(pixel_values=pixels).logits)
    with pytest.raises(ValueError, match="both") as error:
        model(pixels, pixel_values=pixels)
    found = {"pixels": pixels.shape, "logits": logits.shape}
    claim("pio.img-fourier.call", {**found, "both": error.type.__name__})


def processed(image, **options):
    return PerceiverImageProcessorPil(**options)(image, return_tensors="pt").pixel_values[0]


def test_images_are_cropped_then_resized_then_normalised():
    y, x = np.mgrid[:200, :250].astype(np.uint8)
    ramps = processed(np.stack([x, y, y]), do_rescale=False, do_normalize=False)
    white = processed(np.full((3, 50, 60), 255, np.uint8))
    processor = PerceiverImageProcessorPil()
    found = {
        "shape": ramps.shape,
        "columns": [int(ramps[0].min()), int(ramps[0].max())],
        "rows": [int(ramps[1].min()), int(ramps[1].max())],
        "white": [round(float(c), 4) for c in white[:, 0, 0]],
        "resampling": Image.Resampling(processor.resample).name,
        "mean": processor.image_mean,
        "std": processor.image_std,
    }
    claim("pio.img-fourier.preprocessing", found)


# -- what the model sees -------------------------------------------------------------------


def test_every_pixel_is_an_input(preprocessor):
    images = torch.randn(1, 3, 224, 224)
    array = preprocessor(images)[0]
    is_raw = torch.equal(array[..., :3], images.flatten(2).mT)
    claim("pio.img-fourier.raw-pixels", {"inputs": array.shape[1], "is raw": is_raw})


def test_positions_are_further_channels_and_change_no_colour(preprocessor):
    array, other = (preprocessor(torch.randn(1, 3, 224, 224))[0] for _ in range(2))
    differs = (array != other).any(1)[0]
    found = {"colours": int(differs.sum()), "positions": int((~differs).sum())}
    claim("pio.img-fourier.fixed-2d", {**found, "channels": array.shape[-1]})


def test_the_input_array_has_a_row_for_each_pixel(preprocessor):
    shape = preprocessor(torch.zeros(1, 3, 224, 224))[0].shape
    assert walk_of(measured.FOURIER)["preprocessor"].shape == shape
    claim("pio.img-fourier.preprocessed-shape", shape)


def test_any_image_size_will_do(preprocessor):
    found = {}
    for side in (160, 256):
        found[side] = preprocessor(torch.zeros(1, 3, side, side))[0].shape
        ours = replace(shallow(CONFIG), image_size=(side, side))
        assert walk(ours)["preprocessor"].shape == found[side]
    claim("pio.img-fourier.any-size", found)


def test_subsampling_drops_samples_and_colours_instead_of_pixels():
    fourier = {"num_bands": 2, "max_resolution": (8, 8), "concat_pos": True, "sine_only": False}
    broken = PerceiverImagePreprocessor(
        PerceiverConfig(),
        prep_type="pixels",
        spatial_downsample=2,
        fourier_position_encoding_kwargs=fourier,
    )
    images = torch.randn(4, 3, 8, 8)
    ours = build(replace(shallow(CONFIG), image_size=(8, 8), stem=PixelStem(stride=2)))
    found = {"transformers": broken(images)[0].shape, "ours": ours.preprocessor(images).shape}
    claim("pio.img-fourier.spatial-downsample-bug", found)


# -- what it costs -------------------------------------------------------------------------


def test_reading_once_with_few_latents_makes_pixels_affordable():
    with torch.device("meta"):
        pixels = torch.zeros(1, 224 * 224, 261)
        one_layer = cost(SelfAttentionLayer(261, num_heads=1), pixels).total
    perceiver = cost_of(measured.FOURIER)
    found = {
        "one self-attention layer on pixels": round(gflop(one_layer.flops)),
        "one cross-attention layer": gflop(perceiver["encoder.cross.0"].flops),
        "the whole model": gflop(perceiver.total.flops),
    }
    claim("pio.img-fourier.self-attention-enables-pixels", found)


def test_the_model_has_48_million_parameters():
    walked = walk_of(measured.FOURIER)
    latents = CONFIG.encoder.num_latents * CONFIG.encoder.latent_channels
    decoding = ("queries", "decoder", "postprocessor")
    found = {
        "all": walked.parameters,
        "preprocessor": walked["preprocessor"].parameters,
        "latents": latents,
        "encoder": walked["encoder"].parameters - latents,
        "decoder": sum(walked[part].parameters for part in decoding),
    }
    assert theirs.published(theirs.FOURIER).num_parameters() == found["all"]
    claim("pio.img-fourier.params", found)


def test_the_model_takes_406_thousand_million_operations():
    model = cost_of(measured.FOURIER)
    steps = {
        "cross-attention": "encoder.cross.0",
        "self-attention": "encoder.blocks.0.0",
        "decoder": "decoder",
    }
    found = {name: gflop(model[step].flops) for name, step in steps.items()}
    claim("pio.img-fourier.flops", {"all": gflop(model.total.flops), **found})


def test_the_model_that_reaches_84_percent_is_another_one():
    unshared = replace(
        CONFIG.encoder,
        num_blocks=16,
        layers_per_block=1,
        block_schedule=tuple(range(16)),
        self_widening_factor=4,
    )
    found = {"this": parameters(CONFIG), "config B": parameters(replace(CONFIG, encoder=unshared))}
    claim("pio.img-fourier.jft", found)


def test_a_new_classifier_keeps_all_but_the_last_linear_map(tmp_path):
    old = theirs.tiny(theirs.FOURIER)
    old.save_pretrained(tmp_path)
    options = {"num_labels": 8, "ignore_mismatched_sizes": True}
    state, new = old.state_dict(), theirs.FOURIER.from_pretrained(tmp_path, **options).state_dict()
    changed = {n: w.shape for n, w in new.items() if not torch.equal(w, state[n])}
    last = theirs.published(theirs.FOURIER).perceiver.decoder.decoder.final_layer
    found = {"new": changed, "kept": len(new) - len(changed), "published": last.weight.shape}
    claim("pio.img-fourier.replace-decoder", found)


def test_perceiver_io_has_fifteen_authors():
    references = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["references"]
    paper = next(r for r in references if r["type"] == "article" and "Perceiver IO" in r["title"])
    found = {"authors": len(paper["authors"]), "year": paper["year"]}
    claim("pio.img-fourier.bibtex", {**found, "arxiv": paper["identifiers"][0]["value"]})
