"""What is said about the optical flow model, the listing of its class included, tried on code."""

import colorsys
from pathlib import Path

import measured
import numpy as np
import pytest
import theirs
import torch
from measured import cost_of, walk_of
from torch import nn
from torch.nn.functional import unfold
from transformers import PerceiverConfig, PerceiverModel, PerceiverPreTrainedModel
from transformers.models.perceiver.modeling_perceiver import (
    PerceiverImagePreprocessor,
    PerceiverOpticalFlowDecoder,
    space_to_depth,
)

from perceiver_course import claim
from perceiver_course.kit.wheel import flow_colours
from perceiver_tutorial.perceiver import PUBLISHED, build, flow_patches
from perceiver_tutorial.perceiver.flow_tiles import PIXELS_PER_UNIT, tile_corners

pytestmark = pytest.mark.usefixtures("no_gradients")

GOLDEN = Path(__file__).parents[1] / "parity/golden" / "flow.npz"
CONFIG = PUBLISHED[measured.FLOW]
SIZE = CONFIG.image_size
READ = "encoder.cross.0"


@pytest.fixture(scope="module")
def model():
    """The model of transformers at published size, with nothing in it."""
    return theirs.published(theirs.FLOW)


def run(inside, raw):
    """What transformers' model does, but for a mask that it cannot make without numbers."""
    read = inside.input_preprocessor(raw)[0]
    latents = inside.encoder(inside.embeddings(batch_size=len(raw)), inputs=read)[0]
    return inside.decoder(inside.decoder.decoder_query(read), latents).logits


@pytest.fixture(scope="module")
def passed(model):
    """What comes into each of its parts, and the answer."""
    raw = torch.zeros(1, 2, 27, *SIZE, device="meta")
    inside, answer = model.perceiver, []
    came = theirs.passing(
        lambda: answer.append(run(inside, raw)),
        map=inside.input_preprocessor.conv_after_patches,
        encoder=inside.encoder.cross_attention,
        thinking=inside.encoder.self_attends[0],
        decoder=inside.decoder.decoder.decoding_cross_attention,
        projection=inside.decoder.decoder.final_layer,
    )
    return {**came, "raw": raw, "answer": answer[0]}


# -- the class -----------------------------------------------------------------------------


def test_every_pixel_gets_two_numbers(passed):
    assert passed["answer"].shape == walk_of(measured.FLOW)["answer"].shape
    claim("pio.flow.task", passed["answer"].shape)


def test_the_class_exists_and_does_not_train():
    tiny = theirs.tiny(theirs.FLOW)
    with pytest.raises(NotImplementedError, match="not yet supported") as error:
        tiny(**theirs.tiny_input(theirs.FLOW), labels=torch.zeros(2))
    found = {"class": theirs.FLOW.__name__, "with labels": error.type.__name__}
    claim("pio.flow.class", found)


def fill_as_listed(model, config):
    """What the listing of the post puts into its class."""
    fourier = {
        "num_bands": 64,
        "max_resolution": config.train_size,
        "sine_only": False,
        "concat_pos": True,
    }
    preprocessor = PerceiverImagePreprocessor(
        config,
        prep_type="patches",
        spatial_downsample=1,
        conv_after_patching=True,
        conv_after_patching_in_channels=54,
        temporal_downsample=2,
        position_encoding_type="fourier",
        fourier_position_encoding_kwargs=fourier,
    )
    decoder = PerceiverOpticalFlowDecoder(
        config,
        num_channels=preprocessor.num_channels,
        output_image_shape=config.train_size,
        rescale_factor=100.0,
        use_query_residual=False,
        output_num_channels=2,
        position_encoding_type="fourier",
        fourier_position_encoding_kwargs=fourier,
    )
    model.perceiver = PerceiverModel(config, input_preprocessor=preprocessor, decoder=decoder)


def test_the_listed_class_needs_another_base():
    class Listed(nn.Module):
        def __init__(self, config):
            super().__init__(config)

    class Rebased(PerceiverPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            fill_as_listed(self, config)

    config = PerceiverConfig(**theirs.PUBLISHED[theirs.FLOW])
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given") as error:
        Listed(config)
    with torch.device("meta"):
        parameters = Rebased(config).num_parameters()
    base = theirs.FLOW.__base__.__name__
    found = {"listed": error.type.__name__, "base": base, "then parameters": parameters}
    claim("pio.flow.class-code", found)


# -- what the model sees -------------------------------------------------------------------


def test_a_pixel_and_its_neighbours_are_27_numbers():
    patches = flow_patches(torch.rand(1, 2, 3, 12, 10))
    found = {"a frame": patches.shape[2], "both": patches.shape[1] * patches.shape[2]}
    claim("pio.flow.patch-values", {**found, "pixels": patches.shape[3:]})


def test_the_three_colours_of_a_neighbour_stand_together():
    data = np.load(GOLDEN)
    frames = torch.from_numpy(data["i::im"]).movedim(-1, 2)
    wanted = torch.from_numpy(data["i::patches"]).movedim(-1, 2)
    plain = unfold(frames.flatten(0, 1), 3, padding=1).reshape(wanted.shape)
    found = {
        "unfold as it is": torch.allclose(plain, wanted),
        "colours together": torch.allclose(flow_patches(frames), wanted),
        "the same numbers": torch.allclose(plain.sort(2).values, wanted.sort(2).values),
    }
    claim("pio.flow.patch-channel-order", found)


def test_the_training_size_is_the_default():
    assert tuple(PerceiverConfig().train_size) == SIZE
    claim("pio.flow.train-size", PerceiverConfig().train_size)


def test_the_model_takes_two_frames_of_neighbourhoods(passed):
    assert walk_of(measured.FLOW)["raw"].shape == passed["raw"].shape
    claim("pio.flow.input-shape", passed["raw"].shape)


def test_both_frames_of_a_pixel_become_one_row():
    frames = torch.randn(1, 2, 27, *SIZE)
    joined = space_to_depth(frames, temporal_block_size=2, spatial_block_size=1)[:, 0]
    found = {
        "shape": joined.shape,
        "first 27 are frame 0": torch.equal(joined[..., :27], frames[:, 0].movedim(1, -1)),
        "last 27 are frame 1": torch.equal(joined[..., 27:], frames[:, 1].movedim(1, -1)),
    }
    claim("pio.flow.concat-frames", found)


def test_a_linear_map_comes_before_the_pixels_are_rows(model, passed):
    mapped = model.perceiver.input_preprocessor.conv_after_patches(passed["map"])
    found = {"into the map": passed["map"].shape, "rows": mapped.flatten(1, 2).shape}
    ours = walk_of(measured.FLOW, depth=None)["preprocessor.linear"].shape
    assert ours == mapped.flatten(1, 2).shape
    claim("pio.flow.flatten-54", found)


def test_a_place_has_258_channels(model):
    ours = walk_of(measured.FLOW, depth=None)["preprocessor.positions"].shape[-1]
    assert model.perceiver.input_preprocessor.position_embeddings.output_size() == ours
    claim("pio.flow.position-channels", ours)


def test_the_input_array_is_322_wide(passed):
    assert walk_of(measured.FLOW)["preprocessor"].shape == passed["decoder"].shape
    claim("pio.flow.preprocessed-shape", passed["decoder"].shape)


def test_what_is_called_a_convolution_is_linear(model):
    layer = model.perceiver.input_preprocessor.conv_after_patches
    found = {
        "kind": type(layer).__name__,
        "from": layer.in_features,
        "to": layer.out_features,
        "parameters": sum(p.numel() for p in layer.parameters()),
    }
    claim("pio.flow.conv-after-patching", found)


def test_64_and_258_are_322_and_54_would_not_be(model, passed):
    inside = model.perceiver.input_preprocessor
    mapped, where = inside.conv_after_patches.out_features, passed["decoder"].shape[-1]
    found = {
        "mapped": mapped,
        "positions": where - mapped,
        "sum": where,
        "with 54": inside.conv_after_patches.in_features + where - mapped,
    }
    claim("pio.flow.channel-sum", found)


# -- reading, thinking, answering ----------------------------------------------------------


def test_2048_latents_read(passed):
    assert walk_of(measured.FLOW)["encoder"].shape == passed["encoder"].shape
    claim("pio.flow.latents", passed["encoder"].shape)


def test_24_different_self_attention_layers_of_16_heads(model, passed):
    encoder = model.perceiver.encoder
    layers = encoder.self_attends
    attention = layers[0].attention.self
    latents = passed["thinking"]
    heads = attention.num_heads
    found = {
        "blocks": model.config.num_blocks,
        "layers": len(layers),
        "heads": heads,
        "a head": latents.shape[-1] // heads,
        "map": layers[0](latents, output_attentions=True)[1].shape,
    }
    ours = walk_of(measured.FLOW)["encoder.blocks.0.0"]
    assert ours.runs == ours.modules == len(layers)
    claim("pio.flow.layers-heads", found)


def test_reading_keeps_the_shape_of_the_latents(model, passed):
    attention = model.perceiver.encoder.cross_attention.attention.self
    found = {
        "latents": passed["thinking"].shape,
        "width": attention.query.out_features,
        "heads": attention.num_heads,
    }
    claim("pio.flow.cross-output", found)


def test_the_inputs_ask():
    tiny = theirs.tiny(theirs.FLOW)
    raw = theirs.tiny_input(theirs.FLOW)
    came = theirs.passing(lambda: tiny(**raw), decoder=theirs.decoding(tiny))
    read = tiny.perceiver.input_preprocessor(raw["inputs"])[0]
    found = {
        "queries": walk_of(measured.FLOW)["queries"].shape,
        "are the inputs": torch.equal(came["decoder"], read),
    }
    claim("pio.flow.decoder-query", found)


def test_nothing_of_the_question_is_added_to_the_answer(model):
    theirs_adds = theirs.decoding(model).attention.use_query_residual
    assert CONFIG.decoder.query_residual == theirs_adds
    claim("pio.flow.no-query-residual", theirs_adds)


def test_two_numbers_are_made_of_every_row(model, passed):
    layer = model.perceiver.decoder.decoder.final_layer
    found = {"read": passed["projection"].shape, "projected": layer(passed["projection"]).shape}
    claim("pio.flow.projection", found)


def test_nothing_is_resized():
    tiny = theirs.tiny(theirs.FLOW)
    recorded = []
    layer = tiny.perceiver.decoder.decoder.final_layer
    layer.register_forward_hook(lambda _module, _args, rows: recorded.append(rows.clone()))
    answer = tiny(**theirs.tiny_input(theirs.FLOW)).logits
    ratio = (recorded[0] / answer.flatten(1, 2)).mean().item()
    found = {"rows": recorded[0].shape, "answer": answer.shape, "divided by": round(ratio, 3)}
    claim("pio.flow.rescale", {**found, "then times, for pixels": int(PIXELS_PER_UNIT)})


def test_the_answer_is_a_picture_of_two_numbers(passed):
    claim("pio.flow.output-shape", passed["answer"].shape)


def test_another_size_is_read_but_not_answered(model):
    other = torch.zeros(1, 2, 27, 64, 64, device="meta")
    read = model.perceiver.input_preprocessor(other)[0].shape
    with pytest.raises(RuntimeError, match="invalid for input of size"):
        run(model.perceiver, other)
    with pytest.raises(ValueError, match="368"):
        build_on_meta()(other)
    tiles = len(tile_corners((436, 1024), SIZE, overlap=20))
    claim("pio.flow.fixed-size", {"read": read, "answered": False, "tiles of 436 x 1024": tiles})


def build_on_meta():
    with torch.device("meta"):
        return build(CONFIG)


# -- how large, how good -------------------------------------------------------------------


def test_the_paper_counts_without_the_mlps_of_the_encoder(model):
    encoder = model.perceiver.encoder
    layers = (encoder.cross_attention, *encoder.self_attends)
    mlps = sum(p.numel() for layer in layers for p in layer.mlp.parameters())
    everything = walk_of(measured.FLOW).parameters
    assert model.num_parameters() == everything
    found = {"all": everything, "mlps": len(layers), "of them": mlps, "without": everything - mlps}
    claim("pio.flow.params", found)


def test_a_pass_takes_twice_as_many_operations_as_the_paper_lists():
    costs = cost_of(measured.FLOW)
    steps = {"reading": READ, "thinking": "encoder.blocks.0.0", "decoder": "decoder"}
    found = {name: costs[step].gflop for name, step in steps.items()}
    whole = costs.total.gflop
    claim("pio.flow.flops", {**found, "all": whole, "all in GMAC": whole / 2})


# End-point errors of table 3 of the Perceiver IO paper.
TABLE_3 = {
    "Sintel clean": {"RAFT": 1.95, "Perceiver IO": 1.81},
    "Sintel final": {"RAFT": 2.57, "Perceiver IO": 2.42},
    "KITTI": {"RAFT": 4.23, "Perceiver IO": 4.98},
}


def test_on_kitti_another_model_was_better():
    best = {data: min(errors, key=errors.get) for data, errors in TABLE_3.items()}
    claim("pio.flow.sota", best)


def test_direction_is_hue_and_speed_is_saturation():
    ways = {"right": (1.0, 0.0), "down": (0.0, 1.0), "left": (-1.0, 0.0), "up": (0.0, -1.0)}

    def hue_and_saturation(way, speed):
        red, green, blue = flow_colours(speed * torch.tensor(way), fastest=24.0).tolist()
        return colorsys.rgb_to_hsv(red, green, blue)[:2]

    hues = {way: [hue_and_saturation(ways[way], s)[0] for s in (6.0, 24.0)] for way in ways}
    assert all(slow == pytest.approx(fast, abs=1e-5) for slow, fast in hues.values())
    found = {
        "hues": len({round(hue, 3) for hue, _ in hues.values()}),
        "saturation": {
            speed: round(hue_and_saturation(ways["down"], float(speed))[1], 4)
            for speed in (0, 6, 12, 24, 48)
        },
    }
    claim("pio.flow.visualisation", found)
