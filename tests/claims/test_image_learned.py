"""What is said about vision-perceiver-learned: pixels in, one row for each, positions learned."""

import measured
import meta
import numpy as np
import pytest
import theirs
import torch
from measured import cost_of, gflop, shallow, walk_of
from PIL import Image
from shaken import in_float64, relative_error
from tolerances import GOLDEN
from torch import nn
from torch.nn.functional import linear
from transformers import PerceiverConfig, PerceiverImageProcessorPil

from perceiver_course import claim
from perceiver_tutorial.checkpoints import load
from perceiver_tutorial.perceiver import TINY, build, resized

pytestmark = pytest.mark.usefixtures("no_gradients")

LEARNED = theirs.LEARNED
READ = "encoder.cross.0"
PIXELS = torch.zeros(1, 3, 224, 224, device="meta")


@pytest.fixture(scope="module")
def preprocessor():
    """The preprocessor of transformers at published size, with nothing in it."""
    return theirs.published(LEARNED).perceiver.input_preprocessor


@pytest.fixture(scope="module")
def closely():
    """Every stop of our model that thinks once."""
    return walk_of(shallow(measured.LEARNED), depth=None)


def is_equal(ours, others):
    return relative_error(ours, others) < 1e-5


# -- pixels --------------------------------------------------------------------------------


def photo(height, width):
    """A picture that knows its columns: their numbers are in red and green."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0], picture[..., 1] = np.divmod(np.arange(width), 256)
    return Image.fromarray(picture)


def processed(**options):
    processor = PerceiverImageProcessorPil(**options)
    return processor(photo(480, 640), return_tensors="pt").pixel_values


def test_images_come_as_three_times_224_by_224():
    pixels = processed()
    assert walk_of(measured.LEARNED)["raw"].shape == pixels.shape
    claim("pio.img-learned.input", pixels.shape)


def test_seven_eighths_are_cropped_and_then_resized():
    processor = PerceiverImageProcessorPil()
    cropped = processed(do_resize=False, do_rescale=False, do_normalize=False)
    red, green, _ = cropped[0, :, 0].int()
    columns = 256 * red + green
    found = {
        "cropped": cropped.shape[-2:],
        "columns": [int(columns[0]), int(columns[-1])],
        "then resized": processed().shape[-2:],
        "size": processor.size["height"],
        "crop_size": processor.crop_size["height"],
    }
    claim("pio.img-learned.crop", found)


def test_the_default_configuration_is_too_small_for_224_pixels(preprocessor):
    with torch.device("meta"):
        small = LEARNED(PerceiverConfig(num_self_attends_per_block=1, num_cross_attention_heads=1))
    table = small.perceiver.input_preprocessor.position_embeddings.position_embeddings
    with pytest.raises(RuntimeError, match="Sizes of tensors must match") as error:
        small.perceiver.input_preprocessor(PIXELS)
    found = {
        "default": PerceiverConfig().image_size,
        "positions": len(table),
        "224 pixels": error.type.__name__,
        "positions for 224": len(preprocessor.position_embeddings.position_embeddings),
    }
    claim("pio.img-learned.image-size-config", found)


# -- from pixels to the input array --------------------------------------------------------


def test_a_convolution_of_one_pixel_gives_256_channels(preprocessor, closely):
    convolved = preprocessor.convnet_1x1(PIXELS)
    assert closely["preprocessor.stem"].shape == convolved.shape
    kernel = preprocessor.convnet_1x1.kernel_size
    claim("pio.img-learned.conv1x1", {"kernel": kernel, "convolved": convolved.shape})


def test_pixels_are_convolved_before_they_are_flattened_to_the_same_effect():
    model, raw = theirs.tiny(LEARNED), theirs.tiny_input(LEARNED)
    preprocessor = model.perceiver.input_preprocessor
    convolve = preprocessor.convnet_1x1
    came = theirs.passing(lambda: preprocessor(raw["inputs"]), convolve=convolve)["convolve"]
    flat = raw["inputs"].flatten(2).mT
    flattened_first = linear(flat, convolve.weight.flatten(1), convolve.bias)
    same = is_equal(flattened_first, preprocessor(raw["inputs"])[2])
    claim("pio.img-learned.flatten-then-conv", {"convolved": came.shape, "same": same})


def test_channels_are_moved_last_before_pixels_are_flattened(preprocessor, monkeypatch):
    came, join = [], preprocessor._build_network_inputs

    def record(inputs, *options):
        came.append(inputs.shape)
        return join(inputs, *options)

    monkeypatch.setattr(preprocessor, "_build_network_inputs", record)
    flat = preprocessor(PIXELS)[2]
    assert walk_of(measured.LEARNED)["preprocessor"].shape[1] == flat.shape[1]
    claim("pio.img-learned.channels-last", came[0])
    claim("pio.img-learned.flatten", flat.shape)


def test_projected_positions_are_appended(preprocessor):
    tiny = theirs.tiny(LEARNED).perceiver.input_preprocessor
    array, _, pixels = tiny(theirs.tiny_input(LEARNED)["inputs"])
    table = tiny.position_embeddings.position_embeddings
    where = tiny.positions_projection(table).expand(len(array), -1, -1)
    ours, images = build(TINY[measured.LEARNED]).preprocessor, torch.randn(1, 3, 8, 10)
    parts = [ours.stem(images).flatten(2).mT, ours.positions()[None]]
    shape = preprocessor(PIXELS)[0].shape
    assert walk_of(measured.LEARNED)["preprocessor"].shape == shape
    found = {
        "shape": shape,
        "projection": preprocessor.positions_projection.weight.shape,
        "appended": is_equal(torch.cat([pixels, where], -1), array),
        "ours": is_equal(torch.cat(parts, -1), ours(images)),
    }
    claim("pio.img-learned.concat-positions", found)


def test_other_sizes_need_the_positions_to_be_stretched(preprocessor):
    small = torch.zeros(1, 3, 160, 160, device="meta")
    with pytest.raises(RuntimeError, match="Sizes of tensors must match") as error:
        preprocessor(small)
    stretched = preprocessor(small, interpolate_pos_encoding=True)[0]
    ours = resized(build(TINY[measured.LEARNED]), (5, 7))
    found = {
        "as it is": error.type.__name__,
        "stretched": stretched.shape,
        "ours, 5 by 7": ours.preprocessor(torch.zeros(1, 3, 5, 7)).shape,
    }
    claim("pio.img-learned.fixed-resolution", found)


# -- reading and answering -----------------------------------------------------------------


def test_512_latents_ask_50176_pixels(closely):
    inside = f"{READ}.attention."
    names = {"asked": "q_proj", "keys": "k_proj", "values": "v_proj", "map": "weights"}
    found = {name: closely[inside + part].shape for name, part in names.items()}
    came = {"latents": closely[READ].shape, "inputs": closely["preprocessor"].shape}
    attention = theirs.published(LEARNED).perceiver.encoder.cross_attention.attention.self
    assert attention.query.in_features == came["latents"][-1]
    assert attention.query.out_features == found["asked"][-1]
    assert attention.key.weight.shape == (found["keys"][-1], came["inputs"][-1])
    claim("pio.img-learned.kv-shape", {**came, **found})


def test_deepmind_did_not_add_the_query_to_the_answer():
    with in_float64():
        model = load(meta.GOLDEN / "learned.npz", fidelity="deepmind")
        arrays = meta.read_golden("learned")
    images, logits = arrays["i::im"], arrays["o::logits"]
    errors, tolerance = {}, GOLDEN["learned"]["logits"]
    for residual in (True, False):
        model.decoder.cross.query_residual = residual
        errors[residual] = relative_error(model(images.movedim(-1, 1)), logits)
    found = {
        "transformers": theirs.decoding(theirs.published(LEARNED)).attention.use_query_residual,
        "deepmind": [residual for residual, error in errors.items() if error < tolerance],
        "error of the other": round(errors[True], 2),
    }
    claim("pio.img-learned.query-residual", found)


def test_the_listed_class_cannot_be_built():
    class Listed(nn.Module):
        def __init__(self, config):
            super().__init__(config)

    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given") as error:
        Listed(PerceiverConfig())
    found = {"listed": error.type.__name__, "base": LEARNED.__base__.__name__}
    claim("pio.img-learned.class-code", found)


# -- parameters and operations -------------------------------------------------------------


def test_most_of_the_preprocessor_is_a_table_of_positions():
    model, walked = theirs.published(LEARNED), walk_of(measured.LEARNED)
    inside = model.perceiver
    table = inside.input_preprocessor.position_embeddings.position_embeddings
    decoding = ("queries", "decoder", "postprocessor")
    found = {
        "all": walked.parameters,
        "preprocessor": walked["preprocessor"].parameters,
        "table": table.numel(),
        "encoder": walked["encoder"].parameters - inside.embeddings.latents.numel(),
        "decoder": sum(walked[part].parameters for part in decoding),
    }
    assert model.num_parameters() == found["all"]
    claim("pio.img-learned.params", found)


def test_wider_inputs_make_reading_dearer_than_with_fourier_positions():
    models = {"learned": measured.LEARNED, "fourier": measured.FOURIER}
    found = {
        name: {"all": gflop(cost_of(m).total.flops), "reading": gflop(cost_of(m)[READ].flops)}
        for name, m in models.items()
    }
    claim("pio.img-learned.flops", found)
