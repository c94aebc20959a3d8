"""Synthetic bodies: on their surface, in the unit ball, turned as promised; and what reads them."""

import math
from itertools import repeat

import pytest
import torch

from perceiver_course.chapters.point_clouds.data import (
    BODIES,
    SURFACES,
    clouds,
    clouds_of_many_sizes,
    turned,
)
from perceiver_course.chapters.point_clouds.model import (
    DistanceHistogram,
    PointNet,
    distance_classifier,
)
from perceiver_course.kit.training import fit
from perceiver_tutorial.positions import to_unit_ball

U, V = torch.rand(2, 3, 500, generator=torch.Generator().manual_seed(0))
FORMULAS = {
    "sphere": lambda x, y, z: x**2 + y**2 + z**2 - 1,
    "ellipsoid": lambda x, y, z: x**2 + (y / 0.6) ** 2 + (z / 0.35) ** 2 - 1,
    "hemisphere": lambda x, y, z: x**2 + y**2 + z**2 - 1 + (z < 0),
    "cube": lambda x, y, z: torch.stack([x, y, z]).abs().amax(0) - 1,
    "cylinder": lambda x, y, _z: x**2 + y**2 - 0.25,
    "cone": lambda x, y, z: (x**2 + y**2).sqrt() - 0.7 * (1 - z) / 2,
    "pyramid": lambda x, y, z: torch.maximum(x.abs(), y.abs()) - (1 - z) / 1.6,
    "disk": lambda x, y, z: z + (x**2 + y**2 > 1 + 1e-5),
    "ring": lambda x, y, z: (x**2 + y**2 - 1).abs() + z.abs(),
    "torus": lambda x, y, z: ((x**2 + y**2).sqrt() - 1) ** 2 + z**2 - 0.35**2,
    "helix": lambda x, y, z: (x - 0.6 * (3 * math.pi * (z + 1)).cos()).abs()
    + (y - 0.6 * (3 * math.pi * (z + 1)).sin()).abs(),
    "Möbius band": lambda x, y, z: z * (y.atan2(x) / 2).cos()
    - ((x**2 + y**2).sqrt() - 1) * (y.atan2(x) / 2).sin(),
    "cross": lambda x, y, z: torch.stack([y**2 + z**2, x**2 + z**2, x**2 + y**2])
    .sub(0.15**2).abs().amin(0),
    "saddle": lambda x, y, z: z - 0.7 * (x**2 - y**2),
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_every_point_lies_on_its_surface(body):
    points = SURFACES[body](U, V)
    assert points.shape == (3, 500, 3)
    assert FORMULAS[body](*points.unbind(-1)).abs().max() < 1e-4


@pytest.mark.parametrize("body", ["sphere", "cube", "cross"])
def test_points_are_spread_over_all_sides(body):
    points = SURFACES[body](U, V).flatten(0, 1)
    assert points.mean(0).abs().max() < 0.1
    assert points.std(0).std() < 0.05


@pytest.mark.parametrize("turn", ["none", "upright", "any"])
def test_clouds_lie_in_the_unit_ball_and_bodies_take_turns(turn):
    points, labels = clouds(30, num_points=40, turn=turn)
    assert torch.equal(labels, torch.arange(30) % 14) and len(BODIES) == 14
    torch.testing.assert_close(points.norm(dim=-1).amax(1), torch.ones(30))
    torch.testing.assert_close(points.mean(1), torch.zeros(30, 3), atol=1e-5, rtol=0)


def test_a_seed_draws_the_same_clouds_and_another_draws_others():
    first, again, other = (clouds(14, seed=seed)[0] for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.allclose(first, other)


def test_points_come_in_no_order():
    """The first half of a cloud is as good a cloud as the second."""
    points, _ = clouds(14, num_points=2000, noise=0.0)
    halves = points.unflatten(1, (2, 1000)).mean(2)
    assert (halves[:, 0] - halves[:, 1]).abs().max() < 0.15


@pytest.mark.parametrize("turn", ["none", "upright", "any"])
def test_turning_keeps_distances_and_does_not_mirror(turn):
    points = torch.randn(20, 4, 3)
    after = turned(points, turn, seed=1)
    torch.testing.assert_close(torch.cdist(after, after), torch.cdist(points, points))
    volume = torch.linalg.det(points[:, :3])
    torch.testing.assert_close(torch.linalg.det(after[:, :3]), volume, rtol=1e-3, atol=1e-4)


def test_upright_keeps_heights_any_does_not_and_none_keeps_all():
    points = torch.randn(20, 4, 3)
    assert torch.equal(turned(points, "none"), points)
    upright, freely = turned(points, "upright"), turned(points, "any")
    torch.testing.assert_close(upright[..., 2], points[..., 2])
    assert not torch.allclose(upright, points, atol=0.1)
    assert not torch.allclose(freely[..., 2], points[..., 2], atol=0.1)


def test_any_turn_is_as_likely_as_any_other():
    up = torch.tensor([0.0, 0.0, 1.0]).expand(6000, 1, 3)
    ends = turned(up, "any")[:, 0]
    assert ends.mean(0).abs().max() < 0.04
    torch.testing.assert_close(ends.T @ ends / 6000, torch.eye(3) / 3, atol=0.02, rtol=0)


@pytest.mark.usefixtures("without_shape_checks")
def test_an_unknown_turn_is_refused():
    with pytest.raises(ValueError, match="turn='sideways' is neither 'none' nor 'upright'"):
        turned(torch.zeros(1, 2, 3), "sideways")


def test_clouds_of_many_sizes_say_where_they_have_points():
    points, mask, labels = clouds_of_many_sizes(40, (5, 9), seed=2)
    assert points.shape == (40, 9, 3) and mask.shape == (40, 9) and len(labels) == 40
    assert {*mask.sum(1).tolist()} == {5, 6, 7, 8, 9}
    assert (points[~mask] == 0).all()
    torch.testing.assert_close(points.norm(dim=-1).amax(1), torch.ones(40))


@pytest.mark.parametrize("sizes", [(0, 5), (6, 5)])
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(
        ValueError, match=r"expected num_points as \(fewest, most\), from 1 on, got"
    ):
        clouds_of_many_sizes(3, sizes)


# -- the unit ball -------------------------------------------------------------------------


def test_units_and_places_do_not_matter():
    points = torch.randn(2, 9, 3)
    torch.testing.assert_close(to_unit_ball(1000 * points + 7), to_unit_ball(points), atol=1e-3,
                               rtol=0)  # fmt: skip


@pytest.mark.parametrize("filling", [0.0, 1e20, math.inf, math.nan])
def test_what_is_no_point_moves_nothing(filling):
    points = torch.randn(2, 9, 3)
    mask = torch.arange(9).expand(2, -1) < 6
    ball = to_unit_ball(points.masked_fill(~mask[..., None], filling), mask)
    torch.testing.assert_close(ball[:, :6], to_unit_ball(points[:, :6]))
    assert (ball[:, 6:] == 0).all()


def test_one_point_lies_in_the_middle():
    assert torch.equal(to_unit_ball(torch.tensor([[3.0, 4.0]])), torch.zeros(1, 2))


def test_a_cloud_without_points_is_refused():
    with pytest.raises(ValueError, match=r"at least one point in every cloud, got a cloud without"):
        to_unit_ball(torch.zeros(2, 3, 3), torch.tensor([[True] * 3, [False] * 3]))


# -- what the Perceiver is compared with ---------------------------------------------------


def test_pointnet_reads_a_set_and_counts_a_point_once():
    model, points = PointNet(5, width=8), torch.randn(2, 9, 3)
    assert model(points).shape == (2, 5)
    for same in (points.flip(1), torch.cat([points, points[:, :1].expand(-1, 4, -1)], 1)):
        assert torch.allclose(model(points), model(same), atol=1e-6)


def test_pointnet_does_not_read_padding():
    model, points = PointNet(5, width=8), torch.randn(2, 9, 3)
    mask = torch.arange(9).expand(2, -1) < 6
    padded = points.masked_fill(~mask[..., None], math.nan)
    assert torch.allclose(model(padded, mask), model(points[:, :6]), atol=1e-6)


def test_pointnet_by_hand():
    model, points = PointNet(5, width=8), torch.randn(1, 4, 3)
    largest = torch.stack([model.each(point) for point in points[0]]).amax(0)
    assert torch.allclose(model(points)[0], model.all(largest), atol=1e-6)


def test_pointnet_may_be_told_places_in_another_way():
    class Twice(torch.nn.Module):
        def forward(self, points):
            return torch.cat([points, points], dim=-1)

    assert PointNet(5, width=8, point_channels=6, write=Twice())(torch.zeros(2, 9, 3)).shape == (
        2,
        5,
    )


def test_distances_are_counted():
    points = torch.tensor([[[0.0, 0, 0], [0.5, 0, 0], [0, 0, 1.9]]])
    counts = DistanceHistogram(num_bins=4)(points)
    assert torch.allclose(counts, torch.tensor([[0.0, 1, 0, 2]]) * 4 / 3)


@pytest.mark.parametrize("num_bins", [1, 5, 24, 100])
def test_any_number_of_bins_divides_the_diameter_of_the_ball(num_bins):
    distances = torch.tensor([0.11, 0.93, 1.31, 1.999])  # between edges, whatever the number
    pairs = torch.zeros(4, 2, 3)
    pairs[:, 1, 0] = distances
    counts = DistanceHistogram(num_bins)(pairs)
    assert counts.argmax(1).tolist() == [int(d / 2 * num_bins) for d in distances.tolist()]


def test_neither_order_nor_turning_changes_the_distances():
    points, _ = clouds(14, num_points=30)
    count = DistanceHistogram()
    assert torch.equal(count(points), count(points.flip(1)))
    assert (count(points) - count(turned(points, "any"))).abs().max() < 0.12


def test_distances_alone_tell_most_bodies_apart():
    count, choose = distance_classifier(14)
    points, labels = clouds(280, num_points=64)
    source, loss = repeat((count(points), labels)), torch.nn.functional.cross_entropy
    fit(choose, lambda m, x, y: loss(m(x), y), source, steps=200, learning_rate=0.1)
    unseen, wanted = clouds(140, num_points=64, seed=5)
    assert (choose(count(unseen)).argmax(-1) == wanted).float().mean() > 0.6
