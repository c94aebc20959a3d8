"""Layer by layer, and the whole: the same, to the last operation, for every family."""

from dataclasses import replace

import pytest
from calls import DEIT, HIERA
from tiny import IMAGES

from perceiver_course.explorers.families.layers import layers_of
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.tracing import cost
from tests.course.test_formulas import SCHEDULES, WIDTHS

VISION = "deepmind/vision-perceiver"


def of_side(config, side):
    field = "input_size" if hasattr(config, "input_size") else "image_size"
    return replace(config, **{field: (side, side)})


@pytest.mark.parametrize("side", [224, 448])
@pytest.mark.parametrize("config", [
    perceiver.PUBLISHED[f"{VISION}-fourier"],
    perceiver.PUBLISHED[f"{VISION}-learned"],
    perceiver.PUBLISHED[f"{VISION}-conv"],
    hiera.PUBLISHED["facebook/hiera-tiny-224-in1k-hf"],
    hiera.PUBLISHED["facebook/hiera-base-plus-224-in1k-hf"],
    deit.PUBLISHED["facebook/deit-tiny-distilled-patch16-224"],
    deit.PUBLISHED["facebook/deit-base-patch16-224"],
], ids=lambda config: type(config).__name__)  # fmt: skip
def test_sums_are_those_of_the_whole_model(config, side):
    assert_sums_are_those_of_the_whole(of_side(config, side))


def assert_sums_are_those_of_the_whole(config):
    counted, layers = cost(config).total, layers_of(config)
    assert sum(layer.flops for layer in layers) == counted.flops
    assert sum(layer.parameters for layer in layers) == counted.parameters
    assert max(layer.map_bytes for layer in layers) == counted.map_bytes
    assert min(layer.flops for layer in layers) >= 0
    assert min(layer.parameters for layer in layers) >= 0


@pytest.mark.parametrize("decoder", [None, perceiver.DecoderConfig()], ids=type)
@pytest.mark.parametrize("name", perceiver.PERCEIVER_V1)
def test_attending_again_and_weights_used_again(name, decoder):
    config = replace(perceiver.PERCEIVER_V1[name], decoder=decoder)
    assert_sums_are_those_of_the_whole(config)
    cross = [layer for layer in layers_of(config)[1:-1] if layer.kind == "inputs"]
    assert len(cross) == len(config.encoder.cross_schedule)


@pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("crosses, blocks", SCHEDULES.values(), ids=SCHEDULES)
def test_a_perceiver_with_any_schedule(crosses, blocks, widths):
    encoder = perceiver.EncoderConfig(
        5, 12, 4, 2, 2, 1, cross_schedule=crosses, block_schedule=blocks, **widths
    )
    assert_sums_are_those_of_the_whole(replace(IMAGES, encoder=encoder))


def test_a_perceiver_without_self_attention():
    encoder = replace(IMAGES.encoder, layers_per_block=0)
    assert_sums_are_those_of_the_whole(replace(IMAGES, encoder=encoder))


@pytest.mark.parametrize("decoder", [
    {"num_heads": 3}, {"qk_channels": 6}, {"qk_channels": 6, "v_channels": 18},
], ids=str)  # fmt: skip
def test_a_perceiver_with_any_decoder(decoder):
    assert_sums_are_those_of_the_whole(replace(IMAGES, decoder=perceiver.DecoderConfig(**decoder)))


@pytest.mark.parametrize("choices", [
    {"distilled": False}, {"distillation_head": False}, {"num_classes": None},
    {"widening_factor": 2}, {"depth": 3, "patch_size": 4}, {"num_heads": 3, "channels": 12},
], ids=str)  # fmt: skip
def test_a_deit_with_any_choices(choices):
    assert_sums_are_those_of_the_whole(replace(DEIT, **choices))


@pytest.mark.parametrize("choices", [
    {"stages": (2, 1, 3, 1)}, {"num_pools": 2}, {"num_pools": 0}, {"num_classes": None},
    {"mask_unit_attention": (False,) * 4}, {"mask_unit_attention": (True,) * 4},
    {"num_heads": 2}, {"input_size": (64, 96)},
], ids=str)  # fmt: skip
def test_a_hiera_with_any_choices(choices):
    assert_sums_are_those_of_the_whole(replace(HIERA, **choices))


def test_every_layer_takes_what_it_takes_in_the_whole_model():
    config = hiera.PUBLISHED["facebook/hiera-small-224-in1k-hf"]
    counted, (_, *layers, _) = cost(config), layers_of(config)
    runs = {"0.0": 1, "1.0": 1, "1.1": 1, "2.0": 1, "2.1": 10, "3.0": 1, "3.1": 1}
    for name, times in runs.items():
        these, layers = layers[:times], layers[times:]
        whole = counted[f"encoder.stages.{name}"]
        assert sum(layer.flops for layer in these) == whole.flops
        assert sum(layer.parameters for layer in these) == whole.parameters
        assert {layer.map_bytes for layer in these} == {whole.map_bytes}
    assert layers == []


def test_weights_that_are_used_again_are_learned_once():
    layers = layers_of(perceiver.PUBLISHED[f"{VISION}-fourier"])
    shared = [layer for layer in layers if layer.kind == "latents"]
    assert len(shared) == 8 * 6
    assert [layer.parameters > 0 for layer in shared] == [True] * 6 + [False] * 42


def test_rows_that_are_read_layer_by_layer():
    tiny = layers_of(hiera.PUBLISHED["facebook/hiera-tiny-224-in1k-hf"])
    assert [layer.tokens for layer in tiny] == [3136, 3136, 3136, 784, 784, *[196] * 7, 49, 49]
    read = layers_of(perceiver.PUBLISHED[f"{VISION}-fourier"])
    assert [layer.tokens for layer in read] == [50176, 50176, *[512] * 49]
