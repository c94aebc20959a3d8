"""The formulas give torch's own counts, to the last operation, for all published models."""

import pytest
import torch

from perceiver_course.kit.formulas import encoder_flops, layer_flops
from perceiver_tutorial.attention import CrossAttentionLayer, SelfAttentionLayer
from perceiver_tutorial.perceiver import PUBLISHED, EncoderConfig
from perceiver_tutorial.perceiver.encoder import PerceiverEncoder
from perceiver_tutorial.tracing import cost, walk

SCHEDULES = {  # which cross-attention layer reads, which block thinks
    "reads once": ((0,), None),
    "reads twice, one set of weights": ((0, 0), None),
    "reads four times, two sets of weights": ((0, 1, 1, 1), None),
    "reads four times, four sets of weights": ((0, 1, 2, 3), None),
    "every block its own": ((0,), (0, 1, 2, 3)),
    "two blocks by turns": ((0, 1, 0), (0, 1, 0, 1)),
    "nothing shared": ((0, 1, 2, 3), (0, 1, 2, 3)),
}
WIDTHS = {
    "widths by default": {},
    "narrow keys": {"qk_channels": 6},
    "wide values": {"qk_channels": 6, "v_channels": 18},
    "wide MLPs": {"cross_widening_factor": 2, "self_widening_factor": 3},
}


@pytest.mark.parametrize("widths", [{}, {"qk_channels": 8}, {"qk_channels": 8, "v_channels": 6}])
@pytest.mark.parametrize("widening", [1, 3])
def test_a_cross_attention_layer(widths, widening):
    with torch.device("meta"):
        attention = CrossAttentionLayer(12, 10, num_heads=2, widening_factor=widening, **widths)
    raw = torch.zeros(1, 5, 12, device="meta"), torch.zeros(1, 7, 10, device="meta")
    counted = cost(Pair(attention), raw).total.flops
    formula = layer_flops(5, 7, 12, 10, widening_factor=widening, **widths)
    assert counted == sum(formula.values())


class Pair(torch.nn.Module):
    """Takes both arrays as one argument."""

    def __init__(self, attention):
        super().__init__()
        self.attention = attention

    def forward(self, arrays):
        return self.attention(*arrays)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_a_self_attention_layer_whatever_its_heads(heads):
    with torch.device("meta"):
        counted = cost(SelfAttentionLayer(12, num_heads=heads), torch.zeros(1, 5, 12)).total.flops
    assert counted == sum(layer_flops(5, 5, 12, 12).values())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_encoder(name):
    inputs, channels = walk(name, depth=1)["preprocessor"].shape[1:]
    counted = cost(name)
    assert encoder_flops(PUBLISHED[name].encoder, inputs, channels) == {
        "reading": counted["encoder.cross.0"].flops,
        "thinking": counted["encoder.blocks.0.0"].flops,
    }


def test_only_products_with_the_map_know_both_numbers_of_rows():
    small, more = layer_flops(5, 7, 12, 10), layer_flops(5, 14, 12, 10)
    grown = {part for part in small if more[part] == 2 * small[part]}
    assert grown == {"keys", "values", "scores", "context"}


@pytest.mark.parametrize("widths", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("reads, blocks", SCHEDULES.values(), ids=SCHEDULES)
def test_an_encoder_with_any_schedule(reads, blocks, widths):
    config = EncoderConfig(5, 12, 4, 2, 2, 1, cross_schedule=reads, block_schedule=blocks, **widths)
    with torch.device("meta"):
        encoder = PerceiverEncoder(config, input_channels=12)
        counted = cost(encoder, torch.zeros(1, 7, 12), depth=1)
    by_hand = encoder_flops(config, 7, 12)
    assert counted.total.flops == sum(by_hand.values())
    read, think = (
        sum(step.flops for step in counted.steps if part in step.name)
        for part in ("cross", "blocks")
    )
    assert (read, think) == (by_hand["reading"], by_hand["thinking"])
