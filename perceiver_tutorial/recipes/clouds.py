"""Which body is it? Clouds of 128 points, turned about the vertical axis."""

from collections.abc import Iterator
from itertools import count

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..perceiver import EncoderConfig, FourierConfig, PointCloudConfig
from ..synthetic import BODIES, clouds
from ..training import accuracy
from .recipe import Recipe

CLOUDS = PointCloudConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=64,
        num_blocks=1,
        self_attends_per_block=3,
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


RECIPES = {"clouds": Recipe(CLOUDS, _batches, _loss, _score, at_least=0.97, steps=250)}
