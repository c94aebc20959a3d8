"""What every pixel shows: a small Hiera, and a head on all of its feature maps."""

from collections.abc import Iterator
from functools import cache

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..hiera import HieraConfig, HieraSegmenterConfig
from ..synthetic import SEGMENTS
from ..synthetic import segments as draw_segments
from ..training import batches, mean_overlap
from .recipe import Recipe

# Windowed positions, so that pictures of other sizes may come later.
SEGMENTER = HieraSegmenterConfig(
    encoder=HieraConfig(
        embed_channels=12,
        num_heads=1,
        stages=(1, 1, 1, 1),
        input_size=(64, 64),
        positions="windowed",
        num_classes=None,
    ),
    num_classes=len(SEGMENTS),
)


@cache
def unseen_segments(num_images: int = 300) -> tuple[Tensor, Tensor]:
    """Images that no training sees, and the class of every pixel."""
    return draw_segments(num_images, seed=0)


def _batches(
    seed: int, num_images: int = 3000, batch_size: int = 16
) -> Iterator[tuple[Tensor, ...]]:
    return batches(*draw_segments(num_images, seed=seed + 1), batch_size=batch_size, seed=seed)


def _loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(images), labels)


def _score(model: nn.Module, num_images: int = 300) -> float:
    """The mean over the classes of intersection over union."""
    return mean_overlap(model, *unseen_segments(num_images))


RECIPES = {
    "segments": Recipe(
        SEGMENTER, _batches, _loss, _score, at_least=0.58, steps=850, learning_rate=4e-3, tables=0.3
    ),
}
