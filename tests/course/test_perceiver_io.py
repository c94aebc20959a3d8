"""The chapter on Perceiver IO: an encoder to repair stage by stage, queries to build, a design."""

import pytest
import torch
from torch import nn
from typed_models import FourierPositions, PixelPreprocessor

from perceiver_course.chapters.perceiver_io import exercises
from perceiver_course.chapters.perceiver_io.exercises import (
    ENCODER,
    PIXEL_QUERIES,
    SMALL_DESIGN,
    PixelQueries,
)
from perceiver_course.chapters.perceiver_io.model import RIVALS, design_score, megaflop
from perceiver_course.kit.exercises import NotYet
from perceiver_course.kit.keep import FOLDER
from perceiver_tutorial.attention import CrossAttentionLayer, SelfAttentionLayer
from perceiver_tutorial.positions import FourierPositions as Twin


class Broken(nn.Module):
    """As it stands in the notebook; each fault can be repaired alone."""

    mixes_samples = shares_layers = swaps_loops = True

    def __init__(self, channels, num_latents, width, num_blocks, num_layers):
        super().__init__()
        self.latents = nn.Parameter(torch.randn(num_latents, width))
        self.cross = CrossAttentionLayer(width, channels)
        layers = [SelfAttentionLayer(width) for _ in range(num_layers)]
        self.block = nn.ModuleList(layers[:1] * num_layers if self.shares_layers else layers)
        self.num_blocks = num_blocks

    def forward(self, x):
        if self.mixes_samples:
            z = self.latents.repeat_interleave(len(x), dim=0).view(len(x), *self.latents.shape)
        else:
            z = self.latents.expand(len(x), -1, -1)
        z = self.cross(z, x)
        order = [layer for layer in self.block for _ in range(self.num_blocks)]
        for layer in order if self.swaps_loops else [*self.block] * self.num_blocks:
            z = layer(z)
        return z


FAULTS = ("mixes_samples", "shares_layers", "swaps_loops")


@pytest.mark.parametrize("repaired, said", [
    (0, "copies of one sample get latents that are up to"),
    (1, "not yet: a block of 3 layers holds 1 different ones."),
    (2, "not yet: two passes run the layers 0 0 1 1 2 2; expected 0 1 2 0 1 2."),
    (3, "right: 3 measurements"),
])  # fmt: skip
def test_each_fault_is_measured_once_those_before_it_are_repaired(repaired, said, capsys):
    repairs = dict.fromkeys(FAULTS[:repaired], False)
    ENCODER.check(type("Encoder", (Broken,), repairs))
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("number", range(len(PIXEL_QUERIES.slips)))
def test_a_usual_mistake_with_queries_is_named(number):
    slip = PIXEL_QUERIES.slips[number]

    class Yours(PixelQueries):
        def __init__(self, size, num_bands, num_channels):
            super().__init__(size, num_bands, num_channels)
            self.features = slip.answer.keywords["change"](size, num_bands)

    with pytest.raises(NotYet) as refusal:
        PIXEL_QUERIES.check(Yours)
    assert str(refusal.value) == slip.hint


def small() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 10))


def test_a_design_is_trained_and_its_operations_are_counted():
    assert megaflop(small()) == 2 * (64 * 64 + 64 * 10) / 1e6
    assert 0.5 < design_score(small, steps=120) < RIVALS["linear layer"]


def test_a_design_beyond_the_budget_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(NotYet, match=r"8.* MFLOP; at most 5 are allowed\."):
        SMALL_DESIGN.check(lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 64_000)))


def test_the_notebook_promises_the_limit_that_is_checked():
    ((_, most),) = exercises.SMALL_DESIGN.limits.values()
    assert f"{most:.0f} MFLOP" in SMALL_DESIGN.task


def test_the_packages_positions_can_stand_in_a_typed_preprocessor():
    """Also on a grid that they were not made for."""
    for image in (torch.randn(2, 3, 4, 5), torch.randn(2, 3, 6, 3)):
        ours = PixelPreprocessor(Twin((4, 5), num_bands=3, max_resolution=(8, 9)))(image)
        torch.testing.assert_close(ours, PixelPreprocessor(FourierPositions(3, (8, 9)))(image))
