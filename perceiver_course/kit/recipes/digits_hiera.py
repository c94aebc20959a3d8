"""A small Hiera learns from digits without labels, and then from few labels."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from statistics import mean

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import interpolate

from perceiver_tutorial.hiera import (
    Hiera,
    HieraConfig,
    HieraMAE,
    HieraMAEConfig,
    classifier_from,
    xavier,
)
from perceiver_tutorial.initialisation import scale_tables
from perceiver_tutorial.zoo import build

from .. import samples
from ..augment import jitter
from ..rivals import linear_probe
from ..training import accuracy, batches
from .recipe import Recipe

NUM_LABELS = 50
PAPER, INK = 0.3, 0.4
CLASSIFIER = HieraConfig(
    embed_channels=24,
    num_heads=1,
    stages=(1, 3),
    input_size=(32, 32),
    num_pools=1,
    mask_unit_attention=(True, False),
    num_classes=10,
)
PRETRAINING = HieraMAEConfig(
    encoder=replace(CLASSIFIER, num_classes=None),
    decoder_channels=32,
    decoder_depth=1,
    decoder_heads=4,
)

Views = Float[Tensor, "batch colours=3 height=32 width=32"]


@dataclass(frozen=True)
class WideStart:
    """A model whose weights start wide enough for few channels and few steps.

    Linear maps start as in the released pre-training, see `hiera.xavier`; tables of
    positions are spread so that places can be told apart at once.

    Attributes:
        sizes: of the model.
    """

    sizes: HieraConfig | HieraMAEConfig


@build.register
def _(config: WideStart) -> Hiera | HieraMAE:
    """A model with random weights."""
    model = build(config.sizes)
    xavier(model)
    scale_tables(model, 0.3)
    return model


def enlarged(images: Float[Tensor, "batch 1 8 8"]) -> Views:
    """Digits as the model takes them: 32 x 32 pixels, three equal colours, paper below 0."""
    large = interpolate(images, size=(32, 32), mode="bilinear", align_corners=False)
    return ((large - PAPER) / INK).expand(-1, 3, -1, -1)


@cache
def enlarged_digits() -> samples.Digits:
    """All digits, a quarter of every class held back, as the model takes them."""
    some = samples.digits()
    return some._replace(
        train_images=enlarged(some.train_images), test_images=enlarged(some.test_images)
    )


def views(*arrays: Tensor, batch_size: int, seed: int) -> Iterator[tuple[Tensor, ...]]:
    """Batches without end, every digit turned, scaled and shifted anew each time."""
    generator = torch.Generator().manual_seed(seed)
    for images, *others in batches(*arrays, batch_size=batch_size, seed=seed):
        yield jitter(images + PAPER / INK, generator) - PAPER / INK, *others


def few(num_labels: int = NUM_LABELS, seed: int = 0) -> tuple[Views, Int[Tensor, " batch"]]:
    """The same number of digits of each class, with their labels, out of those to learn from.

    Args:
        num_labels: in all classes together.
        seed: which.
    """
    digits = enlarged_digits()
    order = torch.randperm(len(digits.train_labels), generator=torch.Generator().manual_seed(seed))
    labels = digits.train_labels[order]
    chosen = torch.cat([order[labels == digit][: num_labels // 10] for digit in range(10)])
    return digits.train_images[chosen], digits.train_labels[chosen]


def probe(features: nn.Module, num_labels: int = NUM_LABELS, seed: int = 0) -> nn.Linear:
    """The best linear map to ten scores from features that stay as they are.

    Args:
        features: gives [batch, channels], e.g. `classifier_from(mae, None)`.
        num_labels: digits that the map learns from.
        seed: which digits.
    """
    images, labels = few(num_labels, seed)
    with torch.no_grad():
        seen = features.eval()(images)
    return linear_probe(seen, labels, num_classes=10)


def probed(features: nn.Module, num_labels: int = NUM_LABELS, seed: int = 0) -> float:
    """What such a map reads off the features: accuracy on held-out digits."""
    return held_out_accuracy(nn.Sequential(features, probe(features, num_labels, seed)))


def held_out_accuracy(model: nn.Module) -> float:
    """The share of held-out digits that a classifier names rightly."""
    digits = enlarged_digits()
    return accuracy(model, digits.test_images, digits.test_labels)


def _batches(seed: int, batch_size: int = 64) -> Iterator[tuple[Tensor, ...]]:
    return views(enlarged_digits().train_images, batch_size=batch_size, seed=seed)


def _rebuild(model: HieraMAE, images: Views) -> Tensor:
    return model.loss(images)


def _score(model: HieraMAE, num_labels: int = NUM_LABELS, choices: int = 5) -> float:
    """What a linear probe reads off the encoder, mean over some choices of a few labels."""
    features = classifier_from(model, None)
    return mean(probed(features, num_labels, seed) for seed in range(choices))


RECIPES = {
    "digits-mae": Recipe(
        WideStart(PRETRAINING), _batches, _rebuild, _score, at_least=0.65, steps=1000,
        learning_rate=3e-3,
    ),
}  # fmt: skip
