"""A cloud has no order, any number of points, places of its own; padding is not read."""

import math
from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from torch import nn

from perceiver_tutorial.perceiver import (
    MODELNET40,
    EncoderConfig,
    FourierConfig,
    PointCloudConfig,
    build,
    example_input,
)
from perceiver_tutorial.perceiver.decoder import AverageDecoder
from perceiver_tutorial.tracing import cost, walk

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")

TINY = PointCloudConfig(
    encoder=EncoderConfig(
        num_latents=7,
        latent_channels=12,
        num_blocks=2,
        layers_per_block=2,
        self_heads=2,
        cross_heads=1,
    ),
    positions=FourierConfig(num_bands=4, max_resolution=(9, 9, 9)),
    num_points=11,
    num_features=2,
    num_classes=5,
)


@pytest.fixture
def model():
    """A tiny reader of clouds whose weights are all different."""
    return shake(build(TINY)).eval()


@pytest.fixture
def points():
    """Three clouds of 11 points with 2 features, none like another."""
    return torch.rand(3, 11, 5) * 2 - 1


def keeps_no_order(reader: nn.Module, points: torch.Tensor) -> bool:
    order = torch.randperm(points.shape[1])
    return relative_error(reader(points), reader(points[:, order])) < EXACT


class Ordered(nn.Module):
    """A reader that also hears at which place of the list a point stands."""

    def __init__(self, reader: nn.Module):
        super().__init__()
        self.reader = reader

    def forward(self, points):
        place = torch.linspace(-0.5, 0.5, points.shape[1])[:, None]
        return self.reader(points + place)


@pytest.mark.parametrize("decoder", [TINY.decoder, None], ids=["asked", "averaged"])
def test_order_makes_no_difference(points, decoder):
    assert keeps_no_order(shake(build(replace(TINY, decoder=decoder))).eval(), points)


def test_the_test_of_order_finds_a_reader_that_keeps_one(model, points):
    assert not keeps_no_order(Ordered(model), points)
    assert not torch.allclose(model(points)[0], model(points)[1], atol=1e-3)


@pytest.mark.parametrize("filling", [0.0, 7.0, 1e30, math.inf, -math.inf, math.nan])
def test_whatever_stands_in_the_padding_is_not_read(model, points, filling):
    mask = torch.ones(3, 11, dtype=torch.bool)
    mask[:, 8:] = False
    padded = points.masked_fill(~mask[..., None], filling)
    assert relative_error(model(padded, mask), model(points[:, :8])) < EXACT
    assert not torch.allclose(model(points), model(points[:, :8]), atol=1e-3)


def test_padding_teaches_nothing(model, points):
    mask = torch.arange(11).expand(3, -1) < 8
    padded = points.masked_fill(~mask[..., None], math.nan)
    with torch.enable_grad():
        model(padded, mask).square().sum().backward()
        gradients = [p.grad.clone() for p in model.parameters()]
        model.zero_grad()
        model(points[:, :8]).square().sum().backward()
    for found, p in zip(gradients, model.parameters(), strict=True):
        torch.testing.assert_close(found, p.grad, rtol=1e-3, atol=1e-5)


def test_clouds_of_many_sizes_in_one_batch_are_read_as_each_alone(model, points):
    sizes = torch.tensor([11, 4, 1])
    together = model(points, mask=torch.arange(11) < sizes[:, None])
    alone = [model(points[i : i + 1, :size]) for i, size in enumerate(sizes)]
    assert relative_error(together, torch.cat(alone)) < EXACT


def test_points_to_be_read_may_stand_anywhere(model, points):
    mask = torch.tensor([True, False] * 5 + [True]).expand(3, -1)
    assert relative_error(model(points, mask), model(points[:, ::2])) < EXACT


def test_a_cloud_without_a_point_is_answered_and_does_not_disturb_the_others(model, points):
    mask = torch.tensor([True, False, True])[:, None].expand(-1, 11)
    answers = model(points, mask)
    assert answers.isfinite().all()
    assert relative_error(answers[::2], model(points[::2])) < EXACT


def test_every_sample_has_places_of_its_own(model, points):
    alone = torch.cat([model(cloud[None]) for cloud in points])
    assert relative_error(model(points), alone) < EXACT


def test_a_point_that_stands_there_twice_counts_twice_unless_all_do(model, points):
    everyone = torch.cat([points, points], dim=1)
    one = torch.cat([points, points[:, :1].expand(-1, 11, -1)], dim=1)
    assert relative_error(model(everyone), model(points)) < EXACT
    assert not torch.allclose(model(one), model(points), atol=1e-3)


def test_no_weight_knows_how_many_points_there_are(model):
    more = build(replace(TINY, num_points=99))
    assert {k: v.shape for k, v in more.state_dict().items()} == {
        k: v.shape for k, v in model.state_dict().items()
    }
    assert model(torch.zeros(2, 99, 5)).shape == (2, 5)


def test_the_published_size_can_be_walked_and_costed():
    steps = walk(MODELNET40)
    assert steps["raw"].shape == (1, 2048, 3) == example_input(MODELNET40).shape
    assert steps["preprocessor"].shape == (1, 2048, 387)
    assert steps["encoder"].shape == (1, 512, 1024)
    assert steps["answer"].shape == (1, 40)
    assert steps["encoder.cross.0"].modules == steps["encoder.cross.0"].runs == 2
    assert cost(MODELNET40).total.parameters == steps.parameters == 44_772_202


def test_without_a_decoder_the_latents_are_averaged(points):
    model = shake(build(replace(TINY, decoder=None))).eval()
    assert isinstance(model.decoder, AverageDecoder)
    by_hand = model.postprocessor.linear(model.encode(points).mean(1))
    assert relative_error(model(points), by_hand) < EXACT


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("raw, message", [
    (torch.zeros(2, 11, 3), r"expected points \[batch, points, 5\], got \[2, 11, 3\]. A point is 3 "
     r"coordinates, then 2 features"),
    (torch.zeros(11, 5), r"got \[11, 5\]. One of them is a batch of one: add an axis"),
    (torch.zeros(2, 5, 11), r"got \[2, 5, 11\]"),
    (torch.zeros(2, 11, 5, dtype=torch.long), r"got int64 numbers"),
])  # fmt: skip
def test_a_mistake_is_told_what_was_expected_what_came_and_what_to_do(model, raw, message):
    with pytest.raises(ValueError, match=message):
        model(raw)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("mask, message", [
    (torch.ones(3, 11), r"mask as True and False of shape \[3, 11\], got torch.float32"),
    (torch.ones(3, 10).bool(), r"of shape \[3, 11\] \(batch, inputs\), got \[3, 10\]"),
])  # fmt: skip
def test_a_wrong_mask_is_refused(model, points, mask, message):
    with pytest.raises(ValueError, match=message):
        model(points, mask)
