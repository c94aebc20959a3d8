"""Point clouds in a minute: the recipe, and the models it is compared with."""

from collections.abc import Iterator
from itertools import count

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from perceiver_tutorial.perceiver import EncoderConfig, FourierConfig, PointCloudConfig

from ...kit.recipes.recipe import Recipe
from ...kit.training import accuracy
from .data import BODIES, clouds


class PointNet(nn.Module):
    """Every point on its own through one small network; then, of each channel, the largest.

    The largest of a set does not depend on its order, and a point that stands there
    twice counts once. Paper: PointNet (arXiv 1612.00593), without its learned turns.

    Args:
        num_classes: scores wanted.
        width: channels of a point; in the middle twice as many.
        point_channels: numbers that a point brings.
        write: what is done to a cloud first, e.g. writing its places in sines.
    """

    def __init__(
        self,
        num_classes: int,
        width: int = 96,
        point_channels: int = 3,
        write: nn.Module | None = None,
    ):
        super().__init__()
        self.write = write or nn.Identity()
        self.each = nn.Sequential(
            nn.Linear(point_channels, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 2 * width),
        )
        self.all = nn.Sequential(
            nn.ReLU(), nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, num_classes)
        )

    def forward(
        self,
        points: Float[Tensor, "batch points features"],
        mask: Bool[Tensor, "batch points"] | None = None,
    ) -> Float[Tensor, "batch classes"]:
        features = self.each(self.write(points))
        if mask is not None:
            features = features.masked_fill(~mask[..., None], -torch.inf)
        return self.all(features.amax(dim=1))


class DistanceHistogram(nn.Module):
    """How often two points of a cloud are how far apart; nothing is learned.

    Neither order nor turning changes a distance.

    Args:
        num_bins: equal parts of the range from 0 to 2, the diameter of the unit ball.
    """

    def __init__(self, num_bins: int = 24):
        super().__init__()
        self.num_bins = num_bins

    def forward(
        self, points: Float[Tensor, "batch points xyz=3"]
    ) -> Float[Tensor, "batch {self.num_bins}"]:
        first, second = torch.triu_indices(points.shape[1], points.shape[1], offset=1)
        distances = (points[:, first] - points[:, second]).norm(dim=-1)
        bins = (distances * self.num_bins / 2).long().clamp(max=self.num_bins - 1)
        counts = torch.zeros(len(points), self.num_bins).to(distances)
        # From 0 to about 10, so that a linear map learns at a usual rate.
        shares = torch.ones_like(distances) * self.num_bins / distances.shape[1]
        return counts.scatter_add_(1, bins, shares)


def distance_classifier(num_classes: int) -> nn.Sequential:
    """One linear map from a histogram of distances to scores: logistic regression.

    Args:
        num_classes: scores wanted.
    """
    num_bins = 24
    return nn.Sequential(DistanceHistogram(num_bins), nn.Linear(num_bins, num_classes))


CLOUDS = PointCloudConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=64,
        num_blocks=1,
        layers_per_block=3,
        self_heads=4,
        cross_heads=1,
    ),
    positions=FourierConfig(num_bands=6, max_resolution=(10, 10, 10)),
    num_points=128,
    num_classes=len(BODIES),
)
HELD_OUT = 0


def _batches(seed: int, num_clouds: int = 64) -> Iterator[tuple[Tensor, ...]]:
    return (clouds(num_clouds, seed=1000 * seed + number) for number in count(HELD_OUT + 1))


def _loss(model: nn.Module, points: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(points), labels)


def _score(model: nn.Module, num_clouds: int = 700) -> float:
    """The share of bodies that are recognised."""
    return accuracy(model, *clouds(num_clouds, seed=HELD_OUT))


RECIPES = {
    "clouds": Recipe(CLOUDS, _batches, _loss, _score, at_least=0.97, steps=250),
}
