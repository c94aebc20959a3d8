"""Handwritten digits, read by the image models at a size for two cores."""

from collections.abc import Iterator
from dataclasses import replace

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from perceiver_tutorial.perceiver import (
    Conv1x1Stem,
    ConvPoolStem,
    EncoderConfig,
    FourierConfig,
    ImageClassifierConfig,
    LearnedConfig,
    PixelStem,
)

from .. import samples
from ..training import accuracy, batches
from .recipe import Recipe

FOURIER = ImageClassifierConfig(
    encoder=EncoderConfig(
        num_latents=16,
        latent_channels=64,
        num_blocks=2,
        layers_per_block=2,
        self_heads=4,
        cross_heads=1,
    ),
    stem=PixelStem(),
    positions=FourierConfig(num_bands=4, max_resolution=(8, 8)),
    image_size=(8, 8),
    image_channels=1,
    num_classes=10,
)

LEARNED = replace(FOURIER, stem=Conv1x1Stem(8), positions=LearnedConfig(24))

CONV = replace(FOURIER, stem=ConvPoolStem(16, padding="same"), image_size=(32, 32))


def enlarged(
    images: Float[Tensor, "batch 1 height width"],
) -> Float[Tensor, "batch 1 4*height 4*width"]:
    """Draw every pixel as a square of 4 x 4, so that a stem with stride 4 keeps the grid."""
    return interpolate(images, scale_factor=4)


def _batches(seed: int, batch_size: int = 64) -> Iterator[tuple[Tensor, ...]]:
    digits = samples.digits()
    return batches(digits.train_images, digits.train_labels, batch_size=batch_size, seed=seed)


def _loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(images), labels)


def _score(model: nn.Module) -> float:
    digits = samples.digits()
    return accuracy(model, digits.test_images, digits.test_labels)


def _large_batches(seed: int, batch_size: int = 64) -> Iterator[tuple[Tensor, ...]]:
    digits = samples.digits()
    return batches(
        enlarged(digits.train_images), digits.train_labels, batch_size=batch_size, seed=seed
    )


def _large_score(model: nn.Module) -> float:
    digits = samples.digits()
    return accuracy(model, enlarged(digits.test_images), digits.test_labels)


RECIPES = {
    "digits-fourier": Recipe(
        FOURIER, _batches, _loss, _score, at_least=0.93, steps=500, learning_rate=2e-3
    ),
    "digits-learned": Recipe(
        LEARNED, _batches, _loss, _score, at_least=0.91, steps=500, learning_rate=5e-3
    ),
    "digits-conv": Recipe(CONV, _large_batches, _loss, _large_score, at_least=0.94, steps=250),
}
