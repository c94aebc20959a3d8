"""Costs are torch's own counts, and agree with the papers and with formulas by hand."""

import pytest
import torch
from tiny import CONFIGS, IMAGES, raw_for
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from video import FIRST_CHUNK

from perceiver_tutorial import perceiver
from perceiver_tutorial.tracing import cost

MEGAFLOPS = {
    "deepmind/language-perceiver": 120_949,
    "deepmind/vision-perceiver-learned": 478_039,
    "deepmind/vision-perceiver-fourier": 406_125,
    "deepmind/vision-perceiver-conv": 369_245,
    "deepmind/optical-flow-perceiver": 1_886_745,
    "deepmind/multimodal-perceiver": 307_285,
}


@pytest.fixture(scope="module")
def costs():
    return {
        name: cost(name, points=FIRST_CHUNK if "multimodal" in name else None)
        for name in perceiver.PUBLISHED
    }


@pytest.mark.parametrize("name, megaflops", MEGAFLOPS.items())
def test_published_models_take_as_many_operations_as_measured_elsewhere(name, megaflops, costs):
    assert round(costs[name].total.flops / 1e6) == megaflops


def test_operations_can_be_had_in_thousand_millions(costs):
    assert costs["deepmind/vision-perceiver-fourier"]["encoder.cross.0"].gflop == 43.1875


def test_the_parts_add_up():
    measured = cost(IMAGES, depth=1)
    assert sum(step.flops for step in measured.steps) == measured.total.flops
    assert sum(step.parameters for step in measured.steps) == measured.total.parameters


@pytest.mark.parametrize("name", CONFIGS)
def test_a_real_forward_pass_takes_just_as_many_operations(name):
    model = perceiver.build(CONFIGS[name]).eval().requires_grad_(False)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(raw_for(CONFIGS[name], batch_size=1))
    assert cost(CONFIGS[name]).total.flops == counter.get_total_flops()


def test_a_cross_attention_layer_costs_what_the_formula_says(costs):
    inputs, channels, latents, width = 50176, 261, 512, 1024
    projections = 2 * (latents * width * channels + 2 * inputs * channels**2)
    maps = 2 * 2 * latents * inputs * channels
    out = 2 * latents * channels * width + 2 * 2 * latents * width**2
    read = costs["deepmind/vision-perceiver-fourier"]["encoder.cross.0"]
    assert read.flops == projections + maps + out


def test_attention_maps_are_priced_but_not_kept(costs):
    read = costs["deepmind/optical-flow-perceiver"]["encoder.cross.0"]
    assert read.map_bytes == 2048 * 182528 * 4
    assert read.peak_bytes < read.map_bytes


def test_the_peak_is_at_least_what_goes_in_and_out_together():
    read = cost(IMAGES)["encoder.cross.0"]
    inputs, latents = 80 * (3 + 22) * 4, 7 * 12 * 4
    assert read.peak_bytes >= inputs + 2 * latents


def test_memory_grows_with_the_batch_and_parameters_do_not():
    one, four = cost(IMAGES).total, cost(IMAGES, batch_size=4).total
    assert four.flops == pytest.approx(4 * one.flops)
    assert 3 < four.peak_bytes / one.peak_bytes <= 4.2
    assert four.parameters == one.parameters


def test_fewer_points_cost_the_decoder_less_and_the_encoder_nothing(costs):
    few = cost("deepmind/language-perceiver", points=torch.arange(10))
    all_bytes = costs["deepmind/language-perceiver"]
    assert few["decoder"].flops < all_bytes["decoder"].flops / 4
    assert few["encoder"].flops == all_bytes["encoder"].flops


def test_a_model_with_weights_costs_what_it_costs_without():
    model = perceiver.build(IMAGES).eval()
    assert cost(model, raw_for(IMAGES, batch_size=1)).total.flops == cost(IMAGES).total.flops


def test_counting_leaves_no_hooks_behind():
    model = perceiver.build(IMAGES)
    cost(model, raw_for(IMAGES))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_the_table_names_every_step_and_the_total():
    lines = str(cost(IMAGES, depth=1)).splitlines()
    assert lines[2].split("  ")[0] == "step"
    assert [line.split()[0] for line in lines[3:]] == [
        "preprocessor", "encoder", "queries", "decoder", "postprocessor", "total",
    ]  # fmt: skip


def test_blocks_of_other_widths_are_charged_apart():
    table = cost("facebook/hiera-tiny-224-in1k-hf")
    blocks = [step for step in table.steps if step.name.startswith("encoder.stages")]
    numbers = [step.name.removeprefix("encoder.stages.") for step in blocks]
    assert numbers == ["0.0", "1.0", "1.1", "2.0", "2.1", "3.0", "3.1"]
    assert sum(step.flops for step in blocks) < table["encoder"].flops
    assert table["encoder.stages.2.1"].parameters == 6 * 1_774_464
    with pytest.raises(KeyError, match=r"no step is called 'encoder.stages.2'. There are: enc"):
        table["encoder.stages.2"]
