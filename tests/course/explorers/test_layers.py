"""Layer by layer by hand, and counted: the same, to the last operation, for every family."""

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
def test_sums_are_those_that_are_counted(config, side):
    config = of_side(config, side)
    counted, layers = cost(config).total, layers_of(config)
    assert sum(layer.flops for layer in layers) == counted.flops
    assert sum(layer.parameters for layer in layers) == counted.parameters
    assert max(layer.map_bytes for layer in layers) == counted.map_bytes


@pytest.mark.parametrize("name", ["perceiver-fourier", "perceiver-fourier-8-reads"])
def test_reading_again_and_weights_used_again(name):
    config = replace(perceiver.PERCEIVER_V1[name], decoder=perceiver.DecoderConfig())
    layers, counted = layers_of(config), cost(config).total
    assert sum(layer.name == "read" for layer in layers) == len(config.encoder.cross)
    assert sum(layer.flops for layer in layers) == counted.flops
    assert sum(layer.parameters for layer in layers) == counted.parameters


def test_rows_that_are_read_layer_by_layer():
    tiny = layers_of(hiera.PUBLISHED["facebook/hiera-tiny-224-in1k-hf"])
    assert [layer.tokens for layer in tiny] == [3136, 3136, 3136, 784, 784, *[196] * 7, 49, 49]
    read = layers_of(perceiver.PUBLISHED[f"{VISION}-fourier"])
    assert [layer.tokens for layer in read] == [50176, 50176, *[512] * 49]


def test_a_classifier_that_asks_nothing_is_refused():
    config = replace(perceiver.PUBLISHED[f"{VISION}-fourier"], decoder=None)
    with pytest.raises(ValueError, match="expected a decoder that asks, got None"):
        layers_of(config)


def agree(config):
    """Whether sums by hand are those that are counted."""
    counted, layers = cost(config).total, layers_of(config)
    by_hand = (
        sum(layer.flops for layer in layers),
        sum(layer.parameters for layer in layers),
        max(layer.map_bytes for layer in layers),
    )
    return by_hand == (counted.flops, counted.parameters, counted.map_bytes)


@pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("reads, blocks", SCHEDULES.values(), ids=SCHEDULES)
def test_a_perceiver_with_any_schedule(reads, blocks, widths):
    encoder = perceiver.EncoderConfig(
        5, 12, 4, 2, 2, 1, cross_schedule=reads, block_schedule=blocks, **widths
    )
    assert agree(replace(IMAGES, encoder=encoder))


@pytest.mark.parametrize("decoder", [
    {"num_heads": 3}, {"qk_channels": 6}, {"qk_channels": 6, "v_channels": 18},
], ids=str)  # fmt: skip
def test_a_perceiver_with_any_decoder(decoder):
    assert agree(replace(IMAGES, decoder=perceiver.DecoderConfig(**decoder)))


@pytest.mark.parametrize("choices", [
    {"distilled": False}, {"distillation_head": False}, {"num_classes": None},
    {"widening_factor": 2}, {"depth": 3, "patch_size": 4}, {"num_heads": 3, "channels": 12},
], ids=str)  # fmt: skip
def test_a_deit_with_any_choices(choices):
    assert agree(replace(DEIT, **choices))


@pytest.mark.parametrize("choices", [
    {"stages": (2, 1, 3, 1)}, {"num_pools": 2}, {"num_pools": 0}, {"num_classes": None},
    {"mask_unit_attention": (False,) * 4}, {"mask_unit_attention": (True,) * 4},
    {"num_heads": 2}, {"input_size": (64, 96)},
], ids=str)  # fmt: skip
def test_a_hiera_with_any_choices(choices):
    assert agree(replace(HIERA, **choices))
