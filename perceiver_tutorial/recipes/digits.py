"""Handwritten digits, read by the image models at a size for two cores."""

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from .. import samples
from ..perceiver import EncoderConfig, FourierConfig, ImageClassifierConfig, PixelStem
from ..training import accuracy, batches
from .recipe import Recipe

FOURIER = ImageClassifierConfig(
    encoder=EncoderConfig(
        num_latents=16,
        latent_channels=64,
        num_blocks=2,
        self_attends_per_block=2,
        self_heads=4,
        cross_heads=1,
    ),
    stem=PixelStem(),
    positions=FourierConfig(num_bands=4, max_resolution=(8, 8)),
    image_size=(8, 8),
    image_channels=1,
    num_classes=10,
)


def _batches(seed: int) -> Iterator[tuple[Tensor, ...]]:
    digits = samples.digits()
    return batches(digits.train_images, digits.train_labels, batch_size=64, seed=seed)


def _loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(images), labels)


def _score(model: nn.Module) -> float:
    digits = samples.digits()
    return accuracy(model, digits.test_images, digits.test_labels)


RECIPES = {
    "digits-fourier": Recipe(FOURIER, _batches, _loss, _score, at_least=0.93, steps=500),
}
