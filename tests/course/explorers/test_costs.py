"""What the explorer of costs tells is what real modules take."""

import re

import pytest
import torch
from torch import nn

from perceiver_course.explorers.costs import _flops_of, _maps_of, costs, meeting_of
from perceiver_tutorial.attention import SelfAttentionLayer
from perceiver_tutorial.perceiver import EncoderConfig
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.tracing import cost


def counted(num_inputs, num_latents, channels, depth):
    """The same machines for real, on the meta device: few that read, and all that read all."""
    config = EncoderConfig(num_latents, channels, 1, depth, self_heads=1, cross_heads=1)
    with torch.device("meta"):
        few = PerceiverEncoder(config, channels).eval()
        plain = nn.Sequential(
            *(SelfAttentionLayer(channels, num_heads=1) for _ in range(depth))
        ).eval()
        array = torch.zeros(1, num_inputs, channels)
        return cost(few, array), cost(plain, array)


@pytest.mark.parametrize("setting", [(96, 16, 32, 1), (512, 64, 64, 4), (50, 64, 32, 3)])
def test_operations_and_maps_are_those_of_real_modules(setting):
    num_inputs, num_latents, channels, depth = setting
    few, plain = counted(*setting)
    flops, maps = _flops_of(num_latents, channels, depth)(num_inputs), _maps_of(num_latents)
    assert flops["all read all"] == plain.total.flops
    assert flops["latents read, then think"] == few.total.flops
    assert flops["reading"] == few["cross.0"].flops
    assert flops["thinking"] == few["blocks.0.0"].flops
    assert maps(num_inputs)["all read all"] == plain.total.map_bytes
    assert maps(num_inputs)["reading"] == few["cross.0"].map_bytes
    assert maps(num_inputs)["thinking"] == few["blocks.0.0"].map_bytes


@pytest.mark.parametrize("num_latents, channels, depth", [(16, 32, 1), (256, 64, 4), (512, 256, 8)])
def test_the_meeting_is_the_first_size_at_which_latents_pay(num_latents, channels, depth):
    flops = _flops_of(num_latents, channels, depth)
    meeting = meeting_of(flops)
    dearer = [
        one["all read all"] > one["latents read, then think"]
        for one in map(flops, range(1, 2 * meeting))
    ]
    assert dearer.index(True) == meeting - 1
    assert all(dearer[meeting - 1 :])


def test_notebook_18_finds_the_same_meeting():
    assert meeting_of(_flops_of(256, 64, 4)) == 299


@pytest.mark.parametrize("memory", [1, 16, 141])
def test_what_fits_fits_and_one_more_does_not(memory):
    explorer = costs()
    explorer.turn(memory=memory)
    most = int(re.search(r"enough for ([\d,]+) inputs", explorer.picture.alt)[1].replace(",", ""))
    assert 4 * most**2 <= memory * 2**30 < 4 * (most + 1) ** 2


def test_the_start_is_a_photograph_whose_map_needs_nine_gigabytes():
    told = costs().picture.alt
    assert "50,176 inputs: all reading all takes 464 times" in told
    assert "Its map needs 9.38 GiB, that of reading 98 MiB" in told
    assert "as many at 559 inputs" in told


def test_few_inputs_are_cheaper_without_latents():
    explorer = costs()
    explorer.turn(num_inputs=256)
    assert re.search(r"takes 0\.\d+ times the operations", explorer.picture.alt)
