"""Eight kinds of sound, told apart from the samples of a raw wave."""

from collections.abc import Iterator
from functools import cache
from itertools import count

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ..perceiver import AudioClassifierConfig, EncoderConfig, FourierConfig
from ..synthetic import SOUNDS as KINDS_OF_SOUND
from ..synthetic import sounds
from ..training import accuracy
from .recipe import Recipe

SOUNDS = AudioClassifierConfig(
    encoder=EncoderConfig(
        num_latents=16,
        latent_channels=64,
        num_blocks=1,
        self_attends_per_block=3,
        self_heads=4,
        cross_heads=1,
        qk_channels=64,
    ),
    positions=FourierConfig(num_bands=16, max_resolution=(64,)),
    num_samples=1024,
    num_classes=len(KINDS_OF_SOUND),
)


@cache
def unheard_sounds(num_sounds: int = 480) -> tuple[Tensor, Tensor]:
    """Sounds that no training hears, and their classes."""
    return sounds(num_sounds, SOUNDS.num_samples, seed=0)


def _batches(seed: int, num_sounds: int = 64) -> Iterator[tuple[Tensor, ...]]:
    return (
        sounds(num_sounds, SOUNDS.num_samples, 1000 * (seed + 1) + number) for number in count()
    )


def _loss(model: nn.Module, waves: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(waves), labels)


def _score(model: nn.Module, num_sounds: int = 480) -> float:
    """The share of unheard sounds that are named rightly."""
    return accuracy(model, *unheard_sounds(num_sounds))


RECIPES = {
    "sounds": Recipe(
        SOUNDS, _batches, _loss, _score, at_least=0.87, steps=600, learning_rate=3e-3, tables=0.5
    ),
}
