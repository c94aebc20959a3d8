"""What a teacher says of one picture, what two heads make of it, and the loss they pay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from torch import Tensor

from perceiver_tutorial.deit import DeiTOutput, hard_distillation, soft_distillation

from ..kit.axes import AXES
from ..kit.images import as_shown
from ..kit.picture import INK, Picture, box, boxes, frame, middle, sheet, show, write
from ..kit.recipes import trained
from ..kit.recipes.digits_deit import digits_teacher, few_labels
from .explorer import Explorer, Settings
from .knobs import Choice, Real, Steps, Whole

# All in one drawing area, in inches: a tenth of the time that ticks and frames would take.
WIDE, LANE, BAR = 8.0, 0.78, 0.55
CLASSES_FROM, COLUMN = 3.0, 0.49
FOOT, HEAD = 1.5, 0.6
LOSSES_FROM, LOSSES_WIDE = 1.6, 3.4
WORTH_A_NUMBER = 0.03
LOOKS = {
    "teacher": {"facecolor": AXES["latents"].colour},
    "hears label": {"facecolor": AXES["inputs"].colour, "hatch": "////"},
    "hears teacher": {"facecolor": AXES["channels"].colour},
    "both": {"facecolor": AXES["batch"].colour},
}
GROUNDS = {"label": "#FDF0D5", "teacher": "#E3F1FB"}
OUTLINE = {"edgecolor": INK, "linewidth": 0.6}
Look = Mapping[str, Any]
Parts = Sequence[tuple[float, float]]  # weight and value: of the label, of the teacher


@dataclass(frozen=True)
class Lane:
    """The shares of all classes that somebody gives, a row of bars.

    Attributes:
        name: of who gives them.
        about: a few words below the name.
        look: a key of `LOOKS`.
        shares: probabilities.
        compared: other probabilities, as narrow bars beside; None for none.
        target: the class that should have everything, a dashed frame; None for none.
    """

    name: str
    about: str
    look: str
    shares: Float[Tensor, " classes"]
    compared: Float[Tensor, " classes"] | None = None
    target: int | None = None


@dataclass(frozen=True)
class Lesson:
    """One picture, the class it is labelled with and the class that its teacher chooses.

    Attributes:
        image: one or three colours.
        caption: below it.
        label: a class.
        choice: a class.
    """

    image: Float[Tensor, "colours height width"]
    caption: str
    label: int
    choice: int


def draw_lesson(
    lesson: Lesson,
    lanes: Sequence[Lane],
    losses: Mapping[str, Parts],
    longest: float,
    title: str,
) -> Picture:
    """A picture, rows of shares over one row of classes, and losses as bars of two parts.

    Args:
        lesson: what is learned from.
        lanes: from top to bottom.
        losses: name -> weight and value of the label's part and of the teacher's part.
        longest: the loss that would fill the width, in nats.
        title: above all; also the beginning of the words.
    """
    height = FOOT + LANE * len(lanes) + HEAD
    figure, axes = sheet(WIDE, height, is_upward=True)
    top = height - HEAD
    show(axes, as_shown(lesson.image), (0.12, 1.22, top - 1.3, top - 0.2), cmap="gray")
    write(axes, 0.12, top - 1.38, lesson.caption, va="top")
    write(axes, 0.12, height - 0.1, title, 10.5, va="top")
    _show_targets(axes, lesson, LANE * len(lanes), len(lanes[0].shares))
    for row, lane in enumerate(lanes):
        _show_lane(axes, lane, FOOT + LANE * (len(lanes) - 1 - row))
    _show_losses(axes, losses, longest)
    told = "; ".join(f"{lane.name}, {_largest(lane.shares)}" for lane in lanes)
    paid = "; ".join(f"{name}, {_sum(parts)}" for name, parts in losses.items())
    return Picture(figure, f"{' '.join(title.split())} Largest shares: {told}. Losses: {paid}.")


def _show_targets(axes: Axes, lesson: Lesson, tall: float, classes: int) -> None:
    """The row of classes; the columns of label and teacher's choice are marked."""
    same = lesson.label == lesson.choice
    for name, column in (("teacher", lesson.choice), ("label", lesson.label)):
        wide = COLUMN / 2 if same and name == "label" else COLUMN
        box(axes, CLASSES_FROM + column * COLUMN, FOOT, wide, tall, facecolor=GROUNDS[name])
    words = {lesson.choice: "teacher", lesson.label: "both" if same else "label"}
    for column in range(classes):
        named = f"{column}\n{words[column]}" if column in words else f"{column}"
        middle(axes, _middle(column), FOOT - 0.05, named, va="top")


def _show_lane(axes: Axes, lane: Lane, base: float) -> None:
    whole, shares = 0.43, lane.shares
    wide = whole if lane.compared is None else 0.25
    _show_shares(axes, shares, (base, 0.03, wide), LOOKS[lane.look])
    if lane.compared is not None:
        beside = (base, 0.03 + wide, whole - wide)
        _show_shares(axes, lane.compared, beside, LOOKS["hears teacher"])
    for column, share in enumerate(shares.tolist()):
        if share >= WORTH_A_NUMBER:
            # Above the dashed frame where it would be crossed by its upper line.
            top = 1 if column == lane.target and share > 0.7 else share
            x, y = _middle(column) - (whole - wide) / 2, base + BAR * top + 0.03
            middle(axes, x, y, f"{share:.2f}".removeprefix("0"), va="bottom")
    if lane.target is not None:
        left = CLASSES_FROM + 0.01 + COLUMN * lane.target
        frame(axes, left, base, COLUMN - 0.02, BAR, linestyle=(0, (3, 2)), linewidth=1)
    right = {"ha": "right", "va": "bottom"}
    write(axes, CLASSES_FROM - 0.1, base + 0.25, lane.name, 9.5, weight="bold", **right)
    write(axes, CLASSES_FROM - 0.1, base + 0.06, lane.about, **right)


def _show_shares(axes: Axes, shares: Tensor, place: tuple[float, float, float], look: Look) -> None:
    """Bars over a base, each so far from the left of its column and so wide."""
    base, left, wide = place
    starts = CLASSES_FROM + left + COLUMN * torch.arange(len(shares))
    boxes(
        axes,
        [(x, base, wide, BAR * n) for x, n in zip(starts, shares, strict=True)],
        **OUTLINE | look,
    )


def _show_losses(axes: Axes, losses: Mapping[str, Parts], longest: float) -> None:
    words = "loss in nats = weight × label's part (hatched) + weight × teacher's part (plain)"
    write(axes, 0.12, 0.93, words, va="bottom")
    for row, (name, parts) in enumerate(losses.items()):
        base, left = 0.55 - 0.38 * row, LOSSES_FROM
        for (weight, value), look in zip(parts, ("hears label", "teacher"), strict=True):
            wide = LOSSES_WIDE * weight * value / longest
            box(axes, left, base, wide, 0.25, **OUTLINE | LOOKS[look])
            left += wide
        write(axes, 0.12, base + 0.06, name, 9.5, weight="bold", va="bottom")
        write(axes, left + 0.1, base + 0.06, _sum(parts), 9, va="bottom")


def _middle(column: int) -> float:
    return CLASSES_FROM + COLUMN * (column + 0.5)


def _largest(shares: Tensor) -> str:
    return f"{int(shares.argmax())} {float(shares.max()):.2f}"


def _sum(parts: Parts) -> str:
    """The two parts and what they sum to."""
    total = sum(weight * value for weight, value in parts)
    return f"{' + '.join(f'{w:.2f} × {v:.2f}' for w, v in parts)} = {total:.2f}"


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
    student: DeiTOutput


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
    answer = DeiTOutput(student.class_logits[one], student.distillation_logits[one])
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
