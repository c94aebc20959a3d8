"""Students and what they reached with and without a teacher; an average of their weights."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from perceiver_tutorial.deit import DeiT, resized, token_cosines

from ...kit import DATA
from ...kit.recipes.digits_deit import (
    PLAIN,
    RECIPES,
    digits_teacher,
    few_labels,
    finer,
    hard_targets,
    taught,
    views,
)
from ...kit.recipes.scores import known, replace_file
from ...kit.training import History, fit

STUDENTS = {
    "labels only": "digits-deit",
    "soft": "digits-deit-soft",
    "hard": "digits-deit-hard",
    "hard, own token": "digits-deit-token",
}

# The same from the published start, for comparison only.
NARROW = {way: f"{STUDENTS[way]}-narrow" for way in ("labels only", "soft")}
MEASURED = RECIPES | {
    narrow: replace(RECIPES[STUDENTS[way]], config=PLAIN) for way, narrow in NARROW.items()
}


def moving_average(model: nn.Module, decay: float = 0.99) -> AveragedModel:
    """A copy whose weights come a little nearer to a model's after every step of `fit`.

    It remembers about 1 / (1 - decay) steps. DeiT's 0.99996 are 25,000 of 375,000 steps; in
    a short training take a tenth of the steps, or the copy has not left its start yet.
    Statistics of batch norms are averaged, too.

    Args:
        model: about to be trained.
        decay: how much stays after one step, from 0 to below 1.

    Returns:
        Called like the model itself, which is inside as `.module`.

    Raises:
        ValueError: if the decay is out of range.
    """
    if not 0 <= decay < 1:
        raise ValueError(
            f"expected a decay from 0 to below 1, got {decay}. For n steps of memory: 1 - 1 / n."
        )
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True).eval()


FILE = DATA / "digits_distilled.json"


class StudentScores(NamedTuple):
    """How one student reads the digits that were held back.

    Attributes:
        both: share that the mean of the heads reads rightly, from 0 to 1.
        class_head: share that the class head alone reads rightly.
        distillation_head: the same for the distillation head; None without one.
        as_teacher: share for which the student chooses what its teacher chooses.
        same_errors: of the digits that the teacher misreads, the share that the student
            misreads in the same way.
        cosine_in: between the two tokens as they enter the first block, see
            `token_cosines`; None where there is one only.
        cosine_out: the same as they leave the last block.
    """

    both: float
    class_head: float
    distillation_head: float | None
    as_teacher: float
    same_errors: float
    cosine_in: float | None
    cosine_out: float | None


@cache
def teachers_choices() -> Int[Tensor, " images"]:
    """What the teacher takes the held-out digits for."""
    return digits_teacher()(few_labels().test_images).argmax(-1)


def score_student(model: DeiT) -> StudentScores:
    """Measure a student on the digits that were held back."""
    few, says = few_labels(), teachers_choices()
    labels = few.test_labels
    with torch.inference_mode():
        answer = model(few.test_images)
        second = answer.distillation_logits
        cosines = (None, None) if second is None else _ends(token_cosines(model, few.test_images))
    chosen, astray = answer.logits.argmax(-1), says != labels
    return StudentScores(
        _share(chosen == labels),
        _share(answer.class_logits.argmax(-1) == labels),
        None if second is None else _share(second.argmax(-1) == labels),
        _share(chosen == says),
        _share(chosen[astray] == says[astray]),
        *cosines,
    )


def _ends(cosines: Float[Tensor, " layers"]) -> tuple[float, float]:
    return cosines[0].item(), cosines[-1].item()


def _share(hits: Tensor) -> float:
    return hits.float().mean().item()


def students(
    file: Path = FILE, names: Mapping[str, str] = STUDENTS
) -> dict[str, list[StudentScores]]:
    """Way of training -> what each seed of it scored, in the order of the seeds.

    Args:
        file: where it is written down.
        names: way of training -> recipe, as `STUDENTS`, or `NARROW` for the published start.

    Raises:
        FileNotFoundError: if nothing was measured.
    """
    if not file.exists():
        raise FileNotFoundError(
            f"expected scores in {file}. Measure them: python tools/distil_digits.py."
        )
    written = known(file)
    return {
        way: [StudentScores(*written[name]["scores"][seed]) for seed in _ordered(written[name])]
        for way, name in names.items()
    }


def _ordered(row: dict) -> list[str]:
    return sorted(row["scores"], key=int)


def note(name: str, seed: int, scores: StudentScores, file: Path = FILE) -> None:
    """Write scores down beside those of other recipes and of other seeds of this very one."""
    written = known(file)
    fingerprint = MEASURED[name].fingerprint
    if written.get(name, {}).get("fingerprint") != fingerprint:
        written[name] = {"fingerprint": fingerprint, "scores": {}}
    rounded = [None if score is None else round(score, 4) for score in scores]
    written[name]["scores"][str(seed)] = rounded
    replace_file(file, json.dumps(written, indent=1) + "\n")


def fine_tune(
    model: DeiT,
    image_size: tuple[int, int],
    *,
    steps: int,
) -> tuple[DeiT, History]:
    """Take a trained student to larger pictures, and go on learning from labels and teacher.

    Meta's code stops here with NotImplementedError; nothing in the losses asks for it. The
    teacher keeps its own resolution and is shown the student's views made smaller.

    Args:
        model: a student of 8 x 8 pixels; stays as it is.
        image_size: (height, width) to learn now.
        steps: batches to learn from.

    Returns:
        The new student, and how its loss went.
    """
    larger = resized(model, image_size)
    few = few_labels()
    source = views(finer(few.train_images, image_size), few.train_labels, seed=0)
    lessons = taught(source, digits_teacher())
    history = fit(larger, hard_targets, lessons, steps=steps, learning_rate=1e-3, seed=0)
    return larger, history
