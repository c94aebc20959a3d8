"""The formulas give torch's own counts, to the last operation, for all published models."""

import pytest
import torch

from perceiver_course.kit.formulas import attend_flops, encoder_flops
from perceiver_tutorial.attention import CrossAttend, SelfAttend
from perceiver_tutorial.perceiver import PUBLISHED
from perceiver_tutorial.tracing import cost, walk


@pytest.mark.parametrize("widths", [{}, {"qk_channels": 8}, {"qk_channels": 8, "v_channels": 6}])
@pytest.mark.parametrize("widening", [1, 3])
def test_a_cross_attend(widths, widening):
    with torch.device("meta"):
        attend = CrossAttend(12, 10, num_heads=2, widening_factor=widening, **widths)
    raw = torch.zeros(1, 5, 12, device="meta"), torch.zeros(1, 7, 10, device="meta")
    counted = cost(Pair(attend), raw).total.flops
    formula = attend_flops(5, 7, 12, 10, widening_factor=widening, **widths)
    assert counted == sum(formula.values())


class Pair(torch.nn.Module):
    """Takes both arrays as one argument."""

    def __init__(self, attend):
        super().__init__()
        self.attend = attend

    def forward(self, arrays):
        return self.attend(*arrays)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_a_self_attend_whatever_its_heads(heads):
    with torch.device("meta"):
        counted = cost(SelfAttend(12, num_heads=heads), torch.zeros(1, 5, 12)).total.flops
    assert counted == sum(attend_flops(5, 5, 12, 12).values())


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_encoder(name):
    inputs, channels = walk(name, depth=1)["preprocessor"].shape[1:]
    counted = cost(name)
    assert encoder_flops(PUBLISHED[name].encoder, inputs, channels) == {
        "reading": counted["encoder.reads.0"].flops,
        "thinking": counted["encoder.blocks.0.0"].flops,
    }


def test_only_products_with_the_map_know_both_numbers_of_rows():
    small, more = attend_flops(5, 7, 12, 10), attend_flops(5, 14, 12, 10)
    grown = {part for part in small if more[part] == 2 * small[part]}
    assert grown == {"keys", "values", "scores", "mixtures"}
