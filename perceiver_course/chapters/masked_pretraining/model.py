"""What a pre-training without labels is worth where labels are few: the recipe "digits-mae"."""

from collections.abc import Iterator
from pathlib import Path

import torch

from perceiver_tutorial.hiera import HieraMAE, classifier_from

from ...kit.recipes.digits_hiera import (
    GENTLE,
    PRETRAINING,
    RECIPES,
    WideStart,
    new_classifier,
    probed,
    taught_classifier,
    tuned,
)
from ...kit.recipes.scores import DATA, Notes

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
        random = WideStart(PRETRAINING).build()
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
