"""Distillation: a teacher's softened word, the two heads that listen, and what each pays."""

from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..deit import DeiTAnswer, hard_distillation, soft_distillation
from ..recipes import trained
from ..recipes.digits_deit import digits_teacher, few_labels
from ..viz import Lane, Lesson, Picture, draw_lesson
from .explorer import Explorer, Settings
from .knobs import Choice, Real, Steps, Whole

TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
GROUPS = ("the heads differ", "the teacher errs", "all agree")
# A 9 that the teacher takes for a 7: the class head says 9, the distillation head says 7.
DISPUTED = 841


class Said(NamedTuple):
    """What teacher and student say about all held-out digits.

    Attributes:
        teacher: logits.
        student: logits of both heads.
    """

    teacher: Float[Tensor, "images classes=10"]
    student: DeiTAnswer


@cache
def said() -> Said:
    """Ask both once about every held-out digit."""
    images = few_labels().test_images
    with torch.inference_mode():
        return Said(digits_teacher()(images), trained("digits-deit-token")(images))


@cache
def numbers_in(group: str) -> tuple[int, ...]:
    """The held-out digits of a group, those first of which the teacher is least sure."""
    labels, (teacher, student) = few_labels().test_labels, said()
    heads = student.class_logits.argmax(-1), student.distillation_logits.argmax(-1)
    choice = teacher.argmax(-1)
    members: dict[str, Bool[Tensor, " images"]] = {
        "the heads differ": heads[0] != heads[1],
        "the teacher errs": choice != labels,
        "all agree": (heads[0] == labels) & (heads[1] == labels) & (choice == labels),
    }
    sure = teacher.softmax(-1).amax(-1)
    found = members[group].nonzero().flatten()
    return tuple(found[sure[found].argsort()].tolist())


def _digit(settings: Settings) -> Whole:
    members = numbers_in(settings["group"])
    start = members.index(DISPUTED) if DISPUTED in members else 0
    return Whole("digit, from doubt to certainty", 0, len(members) - 1, start)


KNOBS = {
    "group": Choice("digits where", GROUPS, GROUPS[0]),
    "digit": _digit,
    "temperature": Steps("temperature T", TEMPERATURES, 3.0),
    "alpha": Real("alpha, the teacher's weight", 0.0, 1.0, 0.5, 0.05),
}


def draw(group: str, digit: int, temperature: float, alpha: float) -> Picture:
    """One held-out digit: the teacher at T, both heads, and both losses."""
    number = numbers_in(group)[digit]
    few, (teacher, _) = few_labels(), said()
    label, choice = few.test_labels[number].item(), teacher[number].argmax().item()
    told = (f"held-out digit {number}", f"label: {label}", f"teacher: {choice}")
    caption = "\n".join((*told, "", "dashed frames:", "hard targets"))
    lesson = Lesson(few.test_images[number], caption, label, choice)
    losses = parts(number, temperature, alpha)
    title = f"{_softened(number, temperature)}\n{_heads(number)}"
    return draw_lesson(lesson, lanes(lesson, number, temperature, alpha), losses, _longest(number),
                       title)  # fmt: skip


def lanes(lesson: Lesson, number: int, temperature: float, alpha: float) -> list[Lane]:
    """The teacher twice, the two heads, and their mean."""
    teacher, answer = said().teacher[number], said().student
    heads = answer.class_logits[number], answer.distillation_logits[number]
    one, other = (logits.softmax(-1) for logits in heads)
    soft, student = ((x / temperature).softmax(-1) for x in (teacher, heads[1]))
    at, weights = f"T = {temperature:g}", (_heard("label", 1 - alpha), _heard("teacher", alpha))
    return [
        Lane("teacher, T = 1", "as it speaks", "teacher", teacher.softmax(-1)),
        Lane(f"teacher, {at}", "light: distillation head", "teacher", soft, student),
        Lane("class head", weights[0], "hears label", one, target=lesson.label),
        Lane("distillation head", weights[1], "hears teacher", other, target=lesson.choice),
        Lane("mean of both", "the answer", "both", answer.logits[number].softmax(-1)),
    ]


def _heard(who: str, weight: float) -> str:
    return f"hears the {who}, weight {weight:.2f}" if weight > 0.001 else f"does not hear the {who}"


def parts(number: int, temperature: float, alpha: float) -> dict[str, list[tuple[float, float]]]:
    """Weight and value of the label's part and the teacher's part, for either loss."""
    label, soft, hard = _ends(number, temperature)
    return {
        f"soft, T = {temperature:g}": [(1 - alpha, label), (alpha, soft)],
        "hard, at any T": [(1 - alpha, label), (alpha, hard)],
    }


def _ends(number: int, temperature: float) -> tuple[float, float, float]:
    """Labels only; the teacher only, softly; the teacher only, hard."""
    teacher, student = said()
    one = slice(number, number + 1)
    answer = DeiTAnswer(student.class_logits[one], student.distillation_logits[one])
    given = (answer, few_labels().test_labels[one], teacher[one])
    losses = (
        hard_distillation(*given, alpha=0.0),
        soft_distillation(*given, temperature=temperature, alpha=1.0),
        hard_distillation(*given, alpha=1.0),
    )
    return tuple(loss.item() for loss in losses)


@cache
def _longest(number: int) -> float:
    """The largest loss that any setting can give, so that bars can be compared while turning."""
    return max(max(_ends(number, temperature)) for temperature in TEMPERATURES)


def _softened(number: int, temperature: float) -> str:
    """What T does to the teacher's first choice."""
    logits = said().teacher[number]
    plain, soft = logits.softmax(-1).max().item(), (logits / temperature).softmax(-1).max().item()
    words = f"T = {temperature:g}: the teacher's first choice, {logits.argmax()}, has {soft:.2f}"
    return f"{words} instead of {plain:.2f}." if temperature != 1 else f"{words}, as it speaks."


@cache
def _heads(number: int) -> str:
    """What both heads choose here, and how often they choose alike."""
    answer, count = said().student, len(few_labels().test_labels)
    heads = answer.class_logits, answer.distillation_logits
    one, other = (logits[number].argmax().item() for logits in heads)
    here = f"Both heads say {one}." if one == other else (
        f"The class head says {one}, the distillation head {other}."
    )  # fmt: skip
    return f"{here} They agree on {100 * answer.agreement():.1f} % of {count:,} unseen digits."


def distillation() -> Explorer:
    """Turn temperature and alpha, and see what the teacher tells and which head hears it."""
    hint = (
        "Turn T from 0.25 to 20: the teacher's soft target flattens, and the hard loss does not "
        "feel it. Then turn alpha to 0: only the label is left."
    )
    return Explorer("Distillation", draw, KNOBS, hint)
