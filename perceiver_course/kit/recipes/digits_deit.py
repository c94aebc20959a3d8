"""Digits from few labels: a convnet that learns from them, and transformers that learn from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from perceiver_tutorial.deit import (
    DeiT,
    DeiTConfig,
    Normalisation,
    Teacher,
    hard_distillation,
    soft_distillation,
)
from perceiver_tutorial.initialisation import initialise, scale_tables
from perceiver_tutorial.zoo import build

from .. import samples
from ..augment import jitter, soft_labels
from ..rivals import ConvNetConfig
from ..samples import Digits
from ..training import accuracy, batches
from .recipe import Recipe, read_trained

NUM_LABELS = 200
INK = Normalisation(mean=0.3, std=0.4)
TEACHER = ConvNetConfig()
PLAIN = DeiTConfig(
    channels=48,
    num_heads=4,
    depth=2,
    image_size=(8, 8),
    patch_size=2,
    num_classes=10,
    distilled=False,
    norm_eps=1e-6,
)
DISTILLED = replace(PLAIN, distilled=True)


@dataclass(frozen=True)
class Student:
    """A DeiT that begins as a small model has to.

    As published, linear maps start with a standard deviation of 0.02, which suits widths
    around 1,000 and long schedules: a width of 48 then stands still for hundreds of steps.
    Here they keep the size of what flows through them, and positions are spread.

    Attributes:
        config: sizes.
    """

    config: DeiTConfig


@build.register
def _(config: Student) -> DeiT:
    """A model with random weights."""
    model = build(config.config)
    initialise(model)
    scale_tables(model, 0.3)
    return model


Views = Float[Tensor, "batch colours=3 height width"]


@cache
def few_labels(num_labels: int = NUM_LABELS) -> Digits:
    """A few digits to learn from and all others to be judged by, in three equal colours."""
    few = samples.few_digits(num_labels)
    return few._replace(
        train_images=few.train_images.expand(-1, 3, -1, -1),
        test_images=few.test_images.expand(-1, 3, -1, -1),
    )


def views(
    images: Views, labels: Tensor, seed: int, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    """Batches without end, every image turned, scaled and shifted anew each time."""
    generator = torch.Generator().manual_seed(seed)
    for some, wanted in batches(images, labels, batch_size=batch_size, seed=seed):
        yield jitter(some, generator), wanted


def digits_teacher() -> Teacher:
    """The trained convnet, asked about digits as the students see them, of any size."""
    model = read_trained("digits-teacher", RECIPES)
    return Teacher(model, image_size=TEACHER.image_size, own=INK)


def taught(source: Iterator[tuple[Tensor, ...]], teacher: Teacher) -> Iterator[tuple[Tensor, ...]]:
    """Smooth the labels of views, and ask a teacher about the very same views."""
    return (
        (images, soft_labels(labels, PLAIN.num_classes, smoothing=0.1), teacher(images))
        for images, labels in source
    )


def _teacher_batches(
    seed: int, num_labels: int = NUM_LABELS, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    for images, labels in views(*few_labels(num_labels)[:2], seed, batch_size):
        yield (images - INK.mean) / INK.std, labels


def _teacher_loss(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(model(images), labels)


def _teacher_score(model: nn.Module) -> float:
    few = few_labels()
    return accuracy(model, (few.test_images - INK.mean) / INK.std, few.test_labels)


def _batches(
    seed: int, num_labels: int = NUM_LABELS, batch_size: int = 32
) -> Iterator[tuple[Tensor, ...]]:
    return taught(views(*few_labels(num_labels)[:2], seed, batch_size), digits_teacher())


def labels_only(model: DeiT, images: Views, labels: Tensor, _said: Tensor) -> Tensor:
    """Learn from the labels; the teacher is not listened to."""
    return cross_entropy(model(images).class_logits, labels)


def soft_targets(model: DeiT, images: Views, labels: Tensor, said: Tensor) -> Tensor:
    """Learn from the labels and from all that the teacher says, half and half."""
    return soft_distillation(model(images), labels, said, alpha=0.5)


def hard_targets(model: DeiT, images: Views, labels: Tensor, said: Tensor) -> Tensor:
    """Learn from the labels and from the teacher's first choice, half and half."""
    return hard_distillation(model(images), labels, said)


def _score(model: DeiT) -> float:
    """The share of digits that are read rightly by the mean of the heads."""
    few = few_labels()
    with torch.inference_mode():
        reads = model(few.test_images).logits.argmax(-1)
    return (reads == few.test_labels).float().mean().item()


def finer(
    images: Views, size: tuple[int, int] = (12, 12)
) -> Float[Tensor, "batch colours=3 more_height more_width"]:
    """The same digits, drawn with more and smaller pixels."""
    return interpolate(images, size, mode="bilinear", align_corners=False)


def _student(config: DeiTConfig, loss: Callable[..., Tensor]) -> Recipe:
    return Recipe(Student(config), _batches, loss, _score, at_least=0.88, steps=600)


RECIPES = {
    "digits-teacher": Recipe(
        TEACHER, _teacher_batches, _teacher_loss, _teacher_score, at_least=0.94, steps=300
    ),
    "digits-deit": _student(PLAIN, labels_only),
    "digits-deit-soft": _student(PLAIN, soft_targets),
    "digits-deit-hard": _student(PLAIN, hard_targets),
    "digits-deit-token": _student(DISTILLED, hard_targets),
}
