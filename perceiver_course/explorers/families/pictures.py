"""One photograph, divided as several families divide it, and what each layer then spends."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from torch import Tensor

from ...kit.axes import AXES
from ...kit.picture import INK, Picture, box, boxes, lines, middle, sheet, show, write
from ..amounts import GRID, Scale

WIDE, TALL = 8.0, 5.58
SIDE, STEP, LEFT = 2.25, 2.6, 0.45
FLOOR, UP = 0.95, 1.05  # where the bars stand, and how high they may be, in inches
Line = tuple[float, float, float, float]


@dataclass(frozen=True)
class Divided:
    """A photograph as one model divides it.

    Attributes:
        mosaic: one colour for each cell.
        lines: (left, top, right, bottom) of thin lines between cells, in parts of the side.
        frames: the same of thick frames.
        labels: (left, top, words) of what is written on it.
        front: letters of tokens that stand for no place.
    """

    mosaic: UInt8[Tensor, "3 side side"]
    lines: Sequence[Line] = ()
    frames: Sequence[Line] = ()
    labels: Sequence[tuple[float, float, str]] = ()
    front: str = ""


@dataclass(frozen=True)
class Reader:
    """How one model spends its tokens on a photograph.

    Attributes:
        name: of the model.
        words: what it divides the photograph into.
        divided: the photograph.
        layers: (one of `AXES`, amount) of each layer.
        told: its sums, a line each.
    """

    name: str
    words: str
    divided: Divided
    layers: Sequence[tuple[str, int]]
    told: Sequence[str]


def draw_families(readers: Sequence[Reader], scale: Scale, title: str, measure: str) -> Picture:
    """For each model the photograph as it divides it, a bar for each layer, and sums.

    Args:
        readers: three.
        scale: of the bars; equal steps are equally many times as much.
        title: what to notice, in one or two lines.
        measure: what the bars show.
    """
    figure, axes = sheet(WIDE, TALL, is_upward=True)
    write(axes, 0.15, TALL - 0.1, title, 10, va="top", linespacing=1.4)
    heights = [FLOOR + UP * scale.share(amount) for amount, _ in scale.marks]
    axes.hlines(heights, LEFT, LEFT + 2 * STEP + SIDE, color=GRID, linewidth=0.7, zorder=0)
    for y, (_, name) in zip(heights, scale.marks, strict=True):
        write(axes, LEFT - 0.05, y, name, ha="right")
    for number, reader in enumerate(readers):
        left = LEFT + STEP * number
        _photograph(axes, reader.divided, left)
        write(
            axes, left + 0.22 * len(reader.divided.front), FLOOR + UP + 2.72, reader.words, size=9
        )
        top = FLOOR + UP + 2.92
        write(axes, left, top, reader.name, 9, weight="bold")
        _layers(axes, reader.layers, scale, left)
        for line, words in enumerate(reader.told):
            write(axes, left, FLOOR - 0.2 - 0.19 * line, words, size=9)
    write(axes, LEFT, FLOOR + UP + 0.12, f"{measure}, one bar for each layer", size=9)
    told = "; ".join(f"{one.name}, {one.words}: {', '.join(one.told)}" for one in readers)
    plain = title.replace("\n", " ")
    return Picture(figure, f"{plain} {told}.")


def _photograph(axes: Axes, divided: Divided, left: float) -> None:
    low = FLOOR + UP + 0.34
    show(axes, divided.mosaic, (left, left + SIDE, low, low + SIDE))
    for ends, look in (
        (divided.lines, {"colors": "white", "linewidths": 0.5, "alpha": 0.8}),
        (divided.frames, {"colors": "white", "linewidths": 3.0, "capstyle": "projecting"}),
        (divided.frames, {"colors": INK, "linewidths": 1.2, "capstyle": "projecting"}),
    ):
        places = np.reshape(ends, (-1, 2, 2)) * (SIDE, -SIDE) + (left, low + SIDE)
        lines(axes, places, **look)
    for x, y, words in divided.labels:
        place = (left + (x + 0.02) * SIDE, low + (1 - y - 0.045) * SIDE)
        write(axes, *place, words, ground="white")
    for number, letter in enumerate(divided.front):
        x, y = left + 0.22 * number, low + SIDE + 0.04
        look = {"facecolor": AXES["inputs"].colour, "edgecolor": INK, "linewidth": 0.7}
        box(axes, x, y, 0.17, 0.17, **look)
        middle(axes, x + 0.085, y + 0.08, letter)


def _layers(axes: Axes, layers: Sequence[tuple[str, int]], scale: Scale, left: float) -> None:
    """One bar beside the other; what costs nothing has none."""
    wide = SIDE / len(layers)
    heights = [max(0.03, UP * scale.share(amount)) if amount else 0 for _, amount in layers]
    bars = [(left + n * wide, FLOOR, 0.84 * wide, tall) for n, tall in enumerate(heights)]
    boxes(axes, bars, facecolors=[AXES[kind].colour for kind, _ in layers])
    axes.hlines(FLOOR, left, left + SIDE, color=INK, linewidth=0.8)
