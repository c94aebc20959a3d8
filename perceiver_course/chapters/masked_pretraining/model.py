"""What a pre-training without labels is worth where labels are few: the recipe "digits-mae"."""

from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cross_entropy

from perceiver_tutorial.hiera import Hiera, HieraMAE, classifier_from
from perceiver_tutorial.hiera.config import HieraConfig
from perceiver_tutorial.hiera.targets import from_patches, patches, statistics
from perceiver_tutorial.zoo import build

from ...kit.recipes.digits_hiera import (
    CLASSIFIER,
    NUM_LABELS,
    PRETRAINING,
    RECIPES,
    Views,
    WideStart,
    few,
    held_out_accuracy,
    probe,
    probed,
    views,
)
from ...kit.recipes.scores import DATA, Notes
from ...kit.training import fit

GENTLE = 3e-4

FILE = DATA / "few_labels.json"
SEEDS = range(1, 6)
LABELS = (10, 50)
STEPS = (100, 300)
PROBED = {"random": "probe, random features", "taught": "probe, pre-trained features"}
TUNED = {
    "published": "new, published start",
    "wide": "new, wide start",
    "taught": "probe, then all",
}


def notes(file: Path = FILE) -> Notes:
    """Where the scores are written down."""
    return Notes(file, RECIPES["digits-mae"].fingerprint, "python tools/compare_pretraining.py")


def probes(mae: HieraMAE, num_labels: int, seed: int) -> Iterator[tuple[str, float]]:
    """What can be read off features at once, and how many held-out digits that gives.

    Args:
        mae: pre-trained with this seed.
        num_labels: digits to learn from; the same for all ways.
        seed: which digits, and what starts at random.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        random = build(WideStart(PRETRAINING))
    yield PROBED["random"], probed(classifier_from(random, None), num_labels, seed)
    yield PROBED["taught"], probed(classifier_from(mae, None), num_labels, seed)


def trainings(mae: HieraMAE, num_labels: int, steps: int, seed: int) -> Iterator[tuple[str, float]]:
    """Ways to train all of a classifier, and how many held-out digits each reads then.

    Args:
        mae: pre-trained with this seed.
        num_labels: digits to learn from; the same for all ways.
        steps: as many for all ways.
        seed: which digits, their order, and what starts at random.
    """
    for start in ("published", "wide"):
        new = new_classifier(seed, wide=start == "wide")
        yield TUNED[start], tuned(new, num_labels, seed, steps=steps)
    taught = taught_classifier(mae, num_labels, seed)
    yield TUNED["taught"], tuned(taught, num_labels, seed, steps=steps, learning_rate=GENTLE)


def compare(mae: HieraMAE, seed: int) -> Iterator[tuple[str, float]]:
    """All ways with all numbers of labels and of steps, and the share that each reads rightly.

    Args:
        mae: pre-trained with this seed.
        seed: of all that is random.
    """
    for labels in LABELS:
        for way, score in probes(mae, labels, seed):
            yield _choice(labels, way), score
        for steps in STEPS:
            for way, score in trainings(mae, labels, steps, seed):
                yield _choice(labels, way, steps), score


def compared(
    num_labels: int, steps: int | None = None, file: Path = FILE
) -> dict[str, list[float]]:
    """Way to use few labels -> the share of held-out digits read rightly, for each seed.

    Args:
        num_labels: one of `LABELS`.
        steps: one of `STEPS`; None: the probes, which take none.
        file: where it is written down.

    Raises:
        FileNotFoundError: if nothing was measured.
    """
    found = notes(file).read()
    ways = (PROBED if steps is None else TUNED).values()
    return {way: [score for (score,) in found[_choice(num_labels, way, steps)]] for way in ways}


def _choice(num_labels: int, way: str, steps: int | None = None) -> str:
    after = "" if steps is None else f", {steps} steps"
    return f"{num_labels} labels{after}, {way}"


def taught_classifier(mae: HieraMAE, num_labels: int = NUM_LABELS, seed: int = 0) -> Hiera:
    """A classifier from a pre-training whose scores begin as those of the probe.

    Scores that begin at random would first pull at features that are good already.
    Paper: Fine-Tuning can Distort Pretrained Features, arXiv 2202.10054.

    Args:
        mae: pre-trained.
        num_labels: digits that the probe learns from.
        seed: which digits.
    """
    model = classifier_from(mae, num_classes=10)
    scores = probe(classifier_from(mae, num_classes=None), num_labels, seed)
    model.head.load_state_dict(scores.state_dict())
    return model


def tuned(
    model: Hiera,
    num_labels: int = NUM_LABELS,
    seed: int = 0,
    *,
    steps: int,
    learning_rate: float = 1e-3,
) -> float:
    """Train all of a classifier on few labels, moved anew each time: accuracy on held-out digits.

    Args:
        model: from a pre-training, or a new one; changed in place.
        num_labels: digits to learn from.
        seed: which digits, and in which order.
        steps: batches of 25.
        learning_rate: the highest; smaller where there is something to lose.
    """
    source = views(*few(num_labels, seed), batch_size=25, seed=seed)
    fit(model, _name_it, source, steps=steps, learning_rate=learning_rate, seed=seed)
    return held_out_accuracy(model)


def new_classifier(seed: int, *, wide: bool = True) -> Hiera:
    """A classifier that was never pre-trained.

    Args:
        seed: of its weights.
        wide: whether it starts as the pre-training does; otherwise with 0.02, as published.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(WideStart(CLASSIFIER) if wide else CLASSIFIER)


def _name_it(model: Hiera, images: Views, labels: Tensor) -> Tensor:
    return cross_entropy(model(images), labels)


def borrowed_means(
    images: Float[Tensor, "batch *frames 3 height width"], config: HieraConfig
) -> Float[Tensor, "batch *first_frames 3 height width"]:
    """What is drawn where nothing is predicted: normalised targets borrow each patch's mean.

    Args:
        images: the truth.
        config: of the encoder.
    """
    wanted = patches(images, config)
    return from_patches(statistics(wanted)[0].expand_as(wanted), config)
