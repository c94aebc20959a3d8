"""Sizes of the classifiers in the notebook; a reader's design, what it costs and what it learns."""

import json
from collections.abc import Callable
from statistics import mean

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from perceiver_tutorial.initialisation import initialise

from ...kit import DATA, samples
from ...kit.training import accuracy, batches, fit

# Options of transformers' PerceiverConfig: the notebook's example, and the published classifier.
SMALL = {
    "num_latents": 5, "d_latents": 16, "num_blocks": 3, "num_self_attends_per_block": 2,
    "num_self_attention_heads": 4, "num_cross_attention_heads": 1, "num_labels": 7,
}  # fmt: skip
PUBLISHED = {
    "num_latents": 512, "d_latents": 1024, "num_blocks": 8, "num_self_attends_per_block": 6,
    "num_self_attention_heads": 8, "num_cross_attention_heads": 1, "num_labels": 1000,
}  # fmt: skip
STEPS, BATCH_SIZE, LEARNING_RATE = 500, 64, 1e-3
RECORD = json.loads((DATA / "digits_training.json").read_text(encoding="utf-8"))["scores"]


def _reached(name: str) -> float:
    return round(mean(score for score, _ in RECORD[name].values()), 3)


RIVALS = {name: _reached(name) for name in ("Perceiver", "linear layer", "convolutional network")}


def megaflop(model: nn.Module) -> float:
    """Million floating point operations for one digit; a multiplication and an addition are two."""
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, 8, 8))
    return counter.get_total_flops() / 1e6


def _loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(images), labels)


def design_score(design: Callable[[], nn.Module], steps: int = STEPS) -> float:
    """Accuracy on held-out digits after training as the Perceiver in the record was trained."""
    digits = samples.digits()
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = initialise(design())
    source = batches(digits.train_images, digits.train_labels, batch_size=BATCH_SIZE, seed=1)
    fit(model, _loss, source, steps=steps, learning_rate=LEARNING_RATE, seed=1)
    return accuracy(model.eval(), digits.test_images, digits.test_labels)
