"""A walk as a row of boxes, as tall as they have rows, as wide as they have channels."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from perceiver_tutorial.tracing import Walk
from perceiver_tutorial.tracing.walk import Step

from ...kit.axes import AXES
from ...kit.picture import DOTS_PER_INCH, INK, Number, Picture, box, middle, sheet, write
from .steps import GREY, WIDE, Axis, Panel, axes_of, draw_axis, draw_panel, named_steps

MARGIN, PAGE = 12, 800  # pixels, as everything here
TITLE, PARTS, TOP, ROOM = 16, 40, 62, 236
LINE, NUMBER, SMALL, TINY = 13, 13, 6.8, 6.0
LEAST, DECADES, WIDEST, TALLEST = 6, 3.25, 96, 44
ROOM_FOR_WORDS = 60
PALE = "#FFF3C4"
PANEL_TOP = TOP + ROOM + 44


@dataclass(frozen=True)
class Box:
    """One array on its way.

    Attributes:
        label: number and name of its step; empty for a second array of one step.
        step: which returned it.
        axes: all but the batch.
    """

    label: str
    step: Step
    axes: list[Axis]

    @property
    def sides(self) -> tuple[int, int, int]:
        """How tall it is, how wide, and how many lie behind one another."""
        sizes = {axis.kind: axis.size for axis in self.axes}
        every = math.prod(axis.size for axis in self.axes)
        if "height" in sizes:
            tall, wide = sizes["height"], sizes["width"]
            return tall, wide, every // (tall * wide)
        wide = math.prod(axis.size for axis in self.axes if axis.kind in WIDE)
        return every // wide, wide, 1

    @property
    def below(self) -> int:
        """Room for its sizes and its number."""
        return LINE * len(self.axes) + NUMBER + LEAST

    @property
    def colours(self) -> tuple[str, str]:
        """Of its rows, and of what runs across."""
        kinds = [axis.kind for axis in self.axes]
        rows = "height" if "height" in kinds else kinds[0]
        across = "width" if "width" in kinds else kinds[-1]
        return tuple(AXES[kind].colour if kind in AXES else "#FFFFFF" for kind in (rows, across))


@dataclass(frozen=True)
class Measure:
    """How large things are drawn, in pixels.

    Attributes:
        left: where the first column begins.
        pitch: from one column to the next.
        rows: for ten times as many rows.
        channels: for ten times as many channels.
    """

    left: Number
    pitch: Number
    rows: Number
    channels: Number


def draw_step_diagram(walk: Walk, panel: Panel | None = None) -> Picture:
    """The steps of a walk from left to right, sizes to logarithmic scale, axes in their colours.

    Args:
        walk: of any model, two levels deep at most.
        panel: what is said about one of its steps, below; None: nothing.
    """
    height = PANEL_TOP + panel.height + MARGIN if panel else PANEL_TOP - 8
    figure, page = sheet(PAGE, height, per_inch=DOTS_PER_INCH)
    title = f"{walk.title}: {walk.parameters:,} parameters"
    write(page, MARGIN, TITLE, title, 10, weight="bold")
    write(page, PAGE - MARGIN, TITLE, "sizes to logarithmic scale", 7.5, ha="right", color=GREY)
    columns = _columns(walk)
    measure = _measure(columns)
    _draw_parts(page, columns, measure)
    for number, column in enumerate(columns):
        x = measure.left + (number + 0.5) * measure.pitch
        _draw_column(page, column, x, measure, panel.step if panel else None)
    told = f"{walk.title}, its steps from left to right: {_told(columns)}."
    if panel:
        draw_panel(page, panel, walk, (MARGIN, PANEL_TOP))
        told = f"{told} {panel.told(walk)}"
    return Picture(figure, told)


def _columns(walk: Walk) -> list[list[Box]]:
    """Arrays that stand below one another: those of the modalities at one point of the way."""
    columns: dict[str, list[Box]] = {}
    for label, step in named_steps(walk).items():
        place = re.sub(r"parts\.\w+", "parts", step.name)
        for number, shape in enumerate(step.outputs):
            box = Box("" if number else label, step, axes_of(shape, step, walk))
            columns.setdefault(place, []).append(box)
    return list(columns.values())


def _measure(columns: Sequence[Sequence[Box]]) -> Measure:
    """As large as the tallest and the widest allow."""
    pitch = min((PAGE - 2 * MARGIN) / len(columns), WIDEST)
    fits = []
    for column in columns:
        spare = ROOM - sum(box.below + LEAST for box in column)
        fits.append(spare / max(sum(math.log10(box.sides[0]) for box in column), 1))
    left = (PAGE - pitch * len(columns)) / 2
    return Measure(left, pitch, min(*fits, TALLEST), (0.8 * pitch - LEAST) / DECADES)


def _draw_parts(page: Axes, columns: Sequence[Sequence[Box]], measure: Measure) -> None:
    """The parts of the model as brackets over their steps."""
    parts = [column[0].step.name.split(".")[0] for column in columns]
    start = 0
    for end in range(1, len(parts) + 1):
        if end == len(parts) or parts[end] != parts[start]:
            a, b = (measure.left + n * measure.pitch + s for n, s in ((start, 4), (end, -4)))
            high, low = PARTS + 8, PARTS + 13
            page.plot([a, a, b, b], [low, high, high, low], color=INK, linewidth=0.7)
            middle(page, (a + b) / 2, PARTS, parts[start].replace("_", " "), 7.5)
            start = end


def _draw_column(
    page: Axes, column: Sequence[Box], x: Number, measure: Measure, chosen: Step | None
) -> None:
    if any(one.step is chosen for one in column):
        high, half = PANEL_TOP - TOP + 6, measure.pitch / 2 - 1
        box(page, x - half, TOP - 6, 2 * half, high, facecolor=PALE)
        tip = PANEL_TOP - 3
        page.plot([x - 6, x, x + 6], [tip - 8, tip, tip - 8], color=INK, linewidth=2)
    heights = [LEAST + measure.rows * math.log10(one.sides[0]) for one in column]
    y = TOP + (ROOM - sum(heights) - sum(one.below for one in column)) / 2
    for one, height in zip(column, heights, strict=True):
        _draw_box(page, one, (x, y + NUMBER), height, measure, is_chosen=one.step is chosen)
        y += height + one.below
    for line, words in enumerate(_short(column)):
        middle(page, x, TOP + ROOM + 8 + LINE * line, words, 7.5)


def _draw_box(
    page: Axes,
    array: Box,
    top: tuple[Number, Number],
    height: Number,
    measure: Measure,
    is_chosen: bool,
) -> None:
    _, wide, deep = array.sides
    width = LEAST + measure.channels * math.log10(wide)
    x, y = top[0] - width / 2, top[1]
    rows, across = array.colours
    sheets = min(deep - 1, 2)
    look = {"facecolor": rows, "edgecolor": INK, "linewidth": 1}
    for behind in range(sheets, 0, -1):
        box(page, x + 3 * behind, y - 3 * behind, width, height, **look)
    box(page, x, y, width, height, **look | {"linewidth": 3 if is_chosen else 1})
    box(page, x, y, width, min(5, height / 2), facecolor=across)
    weight = "bold" if is_chosen else "normal"
    write(page, x - 2, y - 8 - 3 * sheets, array.label.split(" ")[0], 7.5, weight=weight)
    is_roomy = measure.pitch > ROOM_FOR_WORDS
    for line, axis in enumerate(array.axes):
        words = axis.told if axis.kind not in AXES and is_roomy else f"{axis.size:,}"
        below = y + height + LINE * (line + 0.75)
        draw_axis(page, top[0], below, axis.kind, words, SMALL if is_roomy else TINY)


def _short(column: Sequence[Box]) -> list[str]:
    """What a column is called, below it, and how often it is run."""
    step = column[0].step
    match step.name.split("."):
        case [_]:
            word = ""
        case [*_, "stages", number, _]:
            word = f"stage {int(number) + 1}"
        case [_, "parts", *_]:
            word = "each kind"
        case ["encoder", "blocks", _, _]:
            word = "think"
        case [_, "cross", *_]:
            word = "read"
        case [_, "stem", _]:
            word = "stem"
        case [*_, ("blocks" | "layers") as several, _]:
            word = several.removesuffix("s")
        case [*_, last]:
            word = "read" if last == "decoder" else last.removeprefix("to_")
    return [word, f"{step.runs} times"] if step.runs > 1 else [word] if word else []


def _told(columns: Sequence[Sequence[Box]]) -> str:
    """All arrays in words."""
    boxes = (box for column in columns for box in column)
    return "; ".join(
        f"{box.label or 'and'} {' x '.join(f'{axis.size:,}' for axis in box.axes)}" for box in boxes
    )
