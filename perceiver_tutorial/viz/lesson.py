"""What a teacher says of one picture, what two heads make of it, and the loss they pay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from torch import Tensor

from .axes import AXES
from .images import as_shown
from .picture import INK, Picture

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
FRAME = {"facecolor": "none", "edgecolor": INK, "linestyle": (0, (3, 2))}
Box = tuple[float, float, float, float]  # left, bottom, width, height
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
    figure = Figure(figsize=(WIDE, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    _show_image(axes, lesson, height - HEAD)
    axes.set(xlim=(0, WIDE), ylim=(0, height), aspect="auto")
    _write(axes, (0.12, height - 0.1), title, 10.5, "left top")
    _show_targets(axes, lesson, LANE * len(lanes), len(lanes[0].shares))
    for row, lane in enumerate(lanes):
        _show_lane(axes, lane, FOOT + LANE * (len(lanes) - 1 - row))
    _show_losses(axes, losses, longest)
    told = "; ".join(f"{lane.name}, {_largest(lane.shares)}" for lane in lanes)
    paid = "; ".join(f"{name}, {_sum(parts)}" for name, parts in losses.items())
    return Picture(figure, f"{' '.join(title.split())} Largest shares: {told}. Losses: {paid}.")


def _show_image(axes: Axes, lesson: Lesson, top: float) -> None:
    axes.imshow(as_shown(lesson.image), cmap="gray", interpolation="nearest",
                extent=(0.12, 1.22, top - 1.3, top - 0.2))  # fmt: skip
    _write(axes, (0.12, top - 1.38), lesson.caption, at="left top")


def _show_targets(axes: Axes, lesson: Lesson, tall: float, classes: int) -> None:
    """The row of classes; the columns of label and teacher's choice are marked."""
    same = lesson.label == lesson.choice
    for name, column in (("teacher", lesson.choice), ("label", lesson.label)):
        wide = COLUMN / 2 if same and name == "label" else COLUMN
        ground = (CLASSES_FROM + column * COLUMN, FOOT, wide, tall)
        _boxes(axes, [ground], {"facecolor": GROUNDS[name]})
    words = {lesson.choice: "teacher", lesson.label: "both" if same else "label"}
    for column in range(classes):
        named = f"{column}\n{words[column]}" if column in words else f"{column}"
        _write(axes, (_middle(column), FOOT - 0.05), named, at="center top")


def _show_lane(axes: Axes, lane: Lane, base: float) -> None:
    whole, shares = 0.43, lane.shares.tolist()
    wide = whole if lane.compared is None else 0.25
    _show_shares(axes, shares, (base, 0.03, wide), LOOKS[lane.look])
    if lane.compared is not None:
        beside = (base, 0.03 + wide, whole - wide)
        _show_shares(axes, lane.compared.tolist(), beside, LOOKS["hears teacher"])
    for column, share in enumerate(shares):
        if share >= WORTH_A_NUMBER:
            # Above the dashed frame where it would be crossed by its upper line.
            top = 1 if column == lane.target and share > 0.7 else share
            at = _middle(column) - (whole - wide) / 2, base + BAR * top + 0.03
            _write(axes, at, f"{share:.2f}".removeprefix("0"), at="center bottom")
    if lane.target is not None:
        frame = (CLASSES_FROM + 0.01 + COLUMN * lane.target, base, COLUMN - 0.02, BAR)
        _boxes(axes, [frame], FRAME)
    _write(axes, (CLASSES_FROM - 0.1, base + 0.25), lane.name, 9.5, "right bottom", "bold")
    _write(axes, (CLASSES_FROM - 0.1, base + 0.06), lane.about, at="right bottom")


def _show_shares(
    axes: Axes, shares: Sequence[float], place: tuple[float, float, float], look: Look
) -> None:
    """Bars over a base, each so far from the left of its column and so wide."""
    base, left, wide = place
    starts = (CLASSES_FROM + left + COLUMN * n for n in range(len(shares)))
    bars = [(x, base, wide, BAR * share) for x, share in zip(starts, shares, strict=True)]
    _boxes(axes, bars, OUTLINE | look)


def _show_losses(axes: Axes, losses: Mapping[str, Parts], longest: float) -> None:
    words = "loss in nats = weight × label's part (hatched) + weight × teacher's part (plain)"
    _write(axes, (0.12, 0.93), words)
    for row, (name, parts) in enumerate(losses.items()):
        base, left = 0.55 - 0.38 * row, LOSSES_FROM
        for (weight, value), look in zip(parts, ("hears label", "teacher"), strict=True):
            wide = LOSSES_WIDE * weight * value / longest
            _boxes(axes, [(left, base, wide, 0.25)], OUTLINE | LOOKS[look])
            left += wide
        _write(axes, (0.12, base + 0.06), name, 9.5, weight="bold")
        _write(axes, (left + 0.1, base + 0.06), _sum(parts), 9.0)


def _boxes(axes: Axes, boxes: Sequence[Box], look: Look) -> None:
    corners = [((x, y), (x + w, y), (x + w, y + h), (x, y + h)) for x, y, w, h in boxes]
    axes.add_collection(PolyCollection(corners, **look), autolim=False)


def _write(
    axes: Axes, place: tuple[float, float], words: str, size: float = 8.0,
    at: str = "left bottom", weight: str = "normal",
) -> None:  # fmt: skip
    across, along = at.split()
    axes.text(*place, words, fontsize=size, ha=across, va=along, weight=weight, color=INK)


def _middle(column: int) -> float:
    return CLASSES_FROM + COLUMN * (column + 0.5)


def _largest(shares: Tensor) -> str:
    return f"{int(shares.argmax())} {float(shares.max()):.2f}"


def _sum(parts: Parts) -> str:
    """The two parts and what they sum to."""
    total = sum(weight * value for weight, value in parts)
    return f"{' + '.join(f'{w:.2f} × {v:.2f}' for w, v in parts)} = {total:.2f}"
