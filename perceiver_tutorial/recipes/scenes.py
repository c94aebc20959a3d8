"""What is in a scene, and where: discs, blocks and triangles, found by learned queries."""

from collections.abc import Iterator
from functools import cache

import torch
from torch import Tensor, nn

from ..perceiver import (
    ConvPoolStem,
    DecoderConfig,
    DetectionConfig,
    EncoderConfig,
    FourierConfig,
)
from ..perceiver.detections import judge_detections, things_found
from ..perceiver.losses import detection_loss
from ..synthetic import THINGS
from ..synthetic import scenes as draw_scenes
from ..training import batches
from .recipe import Recipe

# As in DETR, a convolution reads first. Six queries, one to three things: "nothing" is no
# rare exception among their answers, and needs less of a damper than among a hundred.
SCENES = DetectionConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=64,
        num_blocks=1,
        self_attends_per_block=2,
        self_heads=4,
        cross_heads=1,
        qk_channels=64,
    ),
    stem=ConvPoolStem(32, padding="same"),
    positions=FourierConfig(num_bands=6, max_resolution=(8, 8)),
    num_queries=6,
    image_size=(32, 32),
    image_channels=1,
    num_classes=len(THINGS),
    decoder=DecoderConfig(num_heads=4),
)
NOTHING = 0.5


@cache
def unseen_scenes(num_scenes: int = 300) -> tuple[Tensor, Tensor, Tensor]:
    """Scenes that no training sees: pictures, classes and boxes."""
    return draw_scenes(num_scenes, seed=0)


def _batches(
    seed: int, num_scenes: int = 10_000, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    return batches(*draw_scenes(num_scenes, seed=seed + 1), batch_size=batch_size, seed=seed)


def _loss(
    model: nn.Module, images: Tensor, classes: Tensor, boxes: Tensor, nothing: float = NOTHING
) -> Tensor:
    return detection_loss(model(images), classes, boxes, nothing)


def _score(model: nn.Module, num_scenes: int = 300) -> float:
    """The harmonic mean of precision and recall; boxes count from an overlap of one half."""
    images, classes, boxes = unseen_scenes(num_scenes)
    with torch.no_grad():
        return judge_detections(things_found(model(images)), classes, boxes).f1


RECIPES = {
    "scenes": Recipe(
        SCENES, _batches, _loss, _score, at_least=0.86, steps=1000, learning_rate=4e-3, tables=0.5
    ),
}
