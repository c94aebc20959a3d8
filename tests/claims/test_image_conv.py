"""What is said about vision-perceiver-conv, its card included, tried on code."""

from dataclasses import replace

import measured
import pytest
import theirs
import torch
from measured import cost_of, gflop, shallow, walk_of
from shaken import relative_error
from torch import nn
from torch.nn.functional import pad

from perceiver_course import claim
from perceiver_tutorial.perceiver import PUBLISHED, build, with_fidelity
from perceiver_tutorial.perceiver.preprocessors.conv_stem import same_padding
from perceiver_tutorial.tracing import walk

pytestmark = pytest.mark.usefixtures("no_gradients")

CONV = theirs.CONV
READ, THINK = "encoder.cross.0", "encoder.blocks.0.0"
PIXELS = torch.zeros(1, 3, 224, 224, device="meta")
LIKE_DEEPMIND = with_fidelity(shallow(measured.CONV), "deepmind")


@pytest.fixture(scope="module")
def preprocessor():
    """The preprocessor of transformers at published size, with nothing in it."""
    return theirs.published(CONV).perceiver.input_preprocessor


# -- the stem ------------------------------------------------------------------------------


def test_the_stem_is_a_convolution_and_a_pool(preprocessor):
    stem = preprocessor.convnet
    layers = [type(part).__name__ for part in stem.children()]
    found = {
        "layers": layers,
        "channels": stem.conv.weight.shape[:2],
        "kernels": [stem.conv.kernel_size[0], stem.max_pool.kernel_size],
        "strides": [stem.conv.stride[0], stem.max_pool.stride],
        "bias": stem.conv.bias is not None,
        "parameters": sum(p.numel() for p in stem.parameters()),
    }
    assert walk_of(measured.CONV)["preprocessor"].parameters == found["parameters"]
    claim("pio.img-conv.preprocess-network", found)


def test_what_the_latents_read_are_no_pixels(preprocessor):
    array, _, cells = preprocessor(PIXELS)
    pixels = PIXELS.flatten(2).mT
    stem = walk_of(measured.CONV)["preprocessor.stem.0"].shape
    assert (stem[0], stem[2] * stem[3], stem[1]) == cells.shape
    found = {"pixels": pixels.shape, "read instead": cells.shape}
    claim("pio.img-conv.raw-pixels-claim", {**found, "with positions": array.shape[-1]})


def test_the_pool_of_transformers_loses_a_row_and_a_column(preprocessor):
    stem = preprocessor.convnet
    convolved = stem.conv(PIXELS)
    pooled = stem.max_pool(convolved)
    cells = walk(LIKE_DEEPMIND)["preprocessor"].shape[1]
    ours = walk_of(measured.CONV)["preprocessor"].shape[1]
    assert ours == pooled.shape[-2:].numel()
    found = {"convolved": convolved.shape, "pooled": pooled.shape, "cells": ours}
    claim("pio.img-conv.token-grid", {**found, "cells of deepmind": cells})


def pixels_off(convolve, images):
    """By how many pixels an image must be moved to come out as with SAME padding."""
    same = same_padding(images.shape[-1], convolve.kernel_size[0], convolve.stride[0])
    plain = nn.Conv2d(3, 64, 7, stride=2, bias=False)
    plain.weight = convolve.weight
    expected = plain(pad(images, (*same, *same)))
    inside = (..., slice(4, -4), slice(4, -4))
    moves = {n: convolve(images.roll((-n, -n), (-2, -1))) for n in range(-2, 3)}
    return [n for n, out in moves.items() if relative_error(out[inside], expected[inside]) < 1e-5]


def test_symmetric_padding_moves_the_filters_by_one_pixel(preprocessor):
    left, right, *_ = preprocessor.convnet.conv.zero_pad_2d.padding
    tiny = theirs.tiny(CONV).perceiver.input_preprocessor.convnet.conv
    found = {
        "transformers": [left, right],
        "same": same_padding(224, kernel=7, stride=2),
        "pixels off": pixels_off(tiny, torch.randn(1, 3, 64, 64)),
    }
    claim("pio.img-conv.same-padding", found)


# -- positions -----------------------------------------------------------------------------


def test_the_input_array_has_322_channels(preprocessor):
    found = {
        "transformers": preprocessor(PIXELS)[0].shape,
        "deepmind": walk(LIKE_DEEPMIND)["preprocessor"].shape,
    }
    assert walk_of(measured.CONV)["preprocessor"].shape == found["transformers"]
    claim("pio.img-conv.preprocessed-shape", found)


def test_fourier_positions_are_appended_and_the_same_for_every_image(preprocessor):
    tiny = theirs.tiny(CONV).perceiver.input_preprocessor
    (array, _, cells), other = (
        tiny(image) for image in (torch.randn(2, 3, 64, 48), torch.randn(2, 3, 64, 48))
    )
    fixed = (array == other[0]).all(1).all(0)
    positions = preprocessor.position_embeddings
    found = {
        "bands": positions.num_bands,
        "max_resolution": positions.max_resolution,
        "channels": int(fixed.sum()),
        "appended": torch.equal(array[..., : cells.shape[-1]], cells),
    }
    assert walk_of(measured.CONV)["preprocessor.positions"].shape[-1] == found["channels"]
    claim("pio.img-conv.positions", found)


# -- answers and costs ---------------------------------------------------------------------


def test_an_image_gets_1000_scores():
    tiny = theirs.tiny(CONV, num_labels=1000)(**theirs.tiny_input(CONV)).logits
    shape = walk_of(measured.CONV)["answer"].shape
    assert shape[1:] == tiny.shape[1:]
    claim("pio.img-conv.logits", shape)


def test_the_model_has_48_million_parameters():
    walked, model = walk_of(measured.CONV), theirs.published(CONV)
    latents = model.perceiver.embeddings.latents.numel()
    found = {
        "all": walked.parameters,
        "preprocessor": walked["preprocessor"].parameters,
        "encoder": walked["encoder"].parameters - latents,
    }
    assert model.num_parameters() == found["all"]
    claim("pio.img-conv.params", found)


def test_the_model_takes_369_thousand_million_operations():
    model = cost_of(measured.CONV)
    found = {"all": gflop(model.total.flops), "reading": gflop(model[READ].flops)}
    claim("pio.img-conv.flops", found)


def test_a_head_for_all_of_imagenet_would_show_in_the_parameters():
    walked = walk_of(measured.CONV)
    classes = walked["answer"].axes["classes"]
    with torch.device("meta"):
        everything = build(replace(PUBLISHED[measured.CONV], num_classes=21_800))
    more = sum(p.numel() for p in everything.parameters())
    counts = {classes: walked.parameters, 21_800: more}
    claim("pio.img-conv.14m", {"classes": classes, "parameters": counts})


def test_thinking_costs_the_same_for_3025_cells_and_50176_pixels():
    models = {"conv": measured.CONV, "fourier": measured.FOURIER}
    found = {
        name: {
            "inputs": walk_of(model)["preprocessor"].axes["inputs"],
            "thinking": gflop(cost_of(model)[THINK].flops),
        }
        for name, model in models.items()
    }
    claim("pio.img-conv.self-attention", found)
