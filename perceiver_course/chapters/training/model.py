"""The digits learned in different ways, all with equally many steps: data/digits_training.json."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Optimizer

from perceiver_tutorial.zoo import build

from ...kit import samples
from ...kit.recipes.digits import FOURIER
from ...kit.recipes.scores import DATA, Notes
from ...kit.rivals import small_cnn
from ...kit.training import accuracy, adamw, batches, fit, warmup_cosine

FILE = DATA / "digits_training.json"
SEEDS = range(1, 6)
STEPS = 500
BATCH_SIZE = 64
NEAREST = 0.982  # what `nearest_neighbour` reaches


def perceiver() -> nn.Module:
    """The model of this notebook."""
    return build(FOURIER)


def as_built(model: nn.Module) -> nn.Module:
    """Leave weights as they are: a Perceiver's start with variance 1 / inputs."""
    return model


def torch_default(model: nn.Module) -> nn.Module:
    """Start every linear layer as torch's own class does: evenly, with variance 1 / (3 inputs)."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.reset_parameters()
    return model


def normal_002(model: nn.Module) -> nn.Module:
    """Start every linear layer with a standard deviation of 0.02 and biases of 0."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    return model


def linear() -> nn.Module:
    """One linear layer from 64 pixels to 10 scores."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def sgd(model: nn.Module, learning_rate: float, weight_decay: float) -> SGD:
    """Stochastic gradient descent with momentum."""
    return SGD(model.parameters(), learning_rate, momentum=0.9, weight_decay=weight_decay)


def constant(_step: int, _steps: int) -> float:
    """No schedule: every step gets the whole learning rate."""
    return 1.0


@dataclass(frozen=True)
class Arm:
    """One way to learn the digits.

    Attributes:
        build: makes the model.
        rates: learning rates to choose from, on a quarter of the training digits.
        start: gives the weights their first values.
        optimizer: see `fit`.
        schedule: see `fit`.
        weight_decay: see `fit`.
    """

    build: Callable[[], nn.Module] = perceiver
    rates: tuple[float, ...] = (5e-4, 1e-3, 2e-3, 4e-3, 8e-3)
    start: Callable[[nn.Module], nn.Module] = as_built
    optimizer: Callable[[nn.Module, float, float], Optimizer] = adamw
    schedule: Callable[[int, int], float] = warmup_cosine
    weight_decay: float = 0.05


ARMS = {
    "Perceiver": Arm(),
    "linear layer": Arm(linear, (1e-2, 3e-2, 1e-1)),
    "convolutional network": Arm(small_cnn, (3e-3, 1e-2, 3e-2, 1e-1)),
    "Perceiver, torch's initialisation": Arm(start=torch_default),
    "Perceiver, every weight N(0, 0.02)": Arm(start=normal_002),
    "Perceiver, constant learning rate": Arm(schedule=constant),
    "Perceiver, SGD with momentum": Arm(
        optimizer=sgd, rates=(0.01, 0.03, 0.1, 0.3), weight_decay=5e-4
    ),
}


def notes(file: Path = FILE) -> Notes:
    """Where the scores are written down."""
    said = repr((FOURIER, STEPS, BATCH_SIZE, [(name, arm.rates) for name, arm in ARMS.items()]))
    fingerprint = hashlib.sha256(said.encode()).hexdigest()[:16]
    return Notes(file, fingerprint, "python tools/compare_training.py")


def trained(
    arm: Arm, images: Tensor, labels: Tensor, rate: float, seed: int, steps: int = STEPS
) -> nn.Module:
    """A model that learned from these digits; everything random in it follows from the seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = arm.start(arm.build())
    fit(
        model,
        lambda model, images, labels: cross_entropy(model(images), labels),
        batches(images, labels, batch_size=BATCH_SIZE, seed=seed),
        steps=steps,
        learning_rate=rate,
        weight_decay=arm.weight_decay,
        optimizer=arm.optimizer,
        schedule=arm.schedule,
        seed=seed,
    )
    return model


def chosen_rate(arm: Arm, steps: int = STEPS) -> float:
    """The rate that does best on a quarter of the training digits, after training on the rest."""
    digits = samples.digits()
    images, labels = digits.train_images, digits.train_labels
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    rest, learned = order[: len(images) // 4], order[len(images) // 4 :]

    def score(rate: float) -> float:
        model = trained(arm, images[learned], labels[learned], rate, seed=0, steps=steps)
        return accuracy(model, images[rest], labels[rest])

    return max(arm.rates, key=score)


def scores(arm: Arm, rate: float, steps: int = STEPS) -> Iterator[tuple[int, float]]:
    """Seed and accuracy on the held-out digits, after training on all training digits."""
    digits = samples.digits()
    for seed in SEEDS:
        model = trained(arm, digits.train_images, digits.train_labels, rate, seed, steps)
        yield seed, accuracy(model, digits.test_images, digits.test_labels)


def nearest_neighbour() -> float:
    """Accuracy of giving each held-out digit the label of the training digit most like it."""
    digits = samples.digits()
    distances = torch.cdist(digits.test_images.flatten(1), digits.train_images.flatten(1))
    found = digits.train_labels[distances.argmin(-1)]
    return (found == digits.test_labels).float().mean().item()
