"""Layer by layer, and the whole: the same, to the last operation, for every family."""

from dataclasses import replace

import pytest

from perceiver_course.explorers.families.layers import layers_of
from perceiver_tutorial import deit, hiera, perceiver
from perceiver_tutorial.tracing import cost

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
    config = of_side(config, side)
    counted, layers = cost(config).total, layers_of(config)
    assert sum(layer.flops for layer in layers) == counted.flops
    assert sum(layer.parameters for layer in layers) == counted.parameters
    assert max(layer.map_bytes for layer in layers) == counted.map_bytes


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
    thinking = [layer for layer in layers if layer.kind == "latents"]
    assert len(thinking) == 8 * 6
    assert [layer.parameters > 0 for layer in thinking] == [True] * 6 + [False] * 42


def test_rows_that_are_read_layer_by_layer():
    tiny = layers_of(hiera.PUBLISHED["facebook/hiera-tiny-224-in1k-hf"])
    assert [layer.tokens for layer in tiny] == [3136, 3136, 3136, 784, 784, *[196] * 7, 49, 49]
    read = layers_of(perceiver.PUBLISHED[f"{VISION}-fourier"])
    assert [layer.tokens for layer in read] == [50176, 50176, *[512] * 49]
