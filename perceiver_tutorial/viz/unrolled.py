"""Numbered tokens as the flat ribbon that they are in memory, and in blocks of blocks.

All of it lies in one drawing area, in inches from the upper left corner, and numbers are drawn as
shapes: a hundred tokens twice over are then quick enough to be stepped through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from torch import Tensor

from .cells import TINTS
from .picture import INK, Picture, sheet

PALE = 0.35  # how much of its tint a token keeps that lies in another mask unit
FAR = "#555555"
GAP = 0.3  # between blocks, in cells; as much again for every level
CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
WIDTH, PANEL, BETWEEN, MARGIN = 8.0, 3.6, 0.4, 0.2  # inches
RIBBON, TOP, BELOW = 1.06, 1.86, 0.4  # where the ribbon starts, and the panels; room for the key
RIBBON_TALL = 0.22
SIZES = {False: (0.636, 0.729), True: (0.696, 0.729)}  # of a digit of the font, bold or not
LARGEST = 0.62  # of a cell, in inches
KEY = "■ the token    □ pooled with it    bold: its mask unit    ◂ ▸ before and after it in memory"


@dataclass(frozen=True)
class Marks:
    """What is marked among numbered tokens, in every arrangement of them.

    Attributes:
        token: number of the one that is looked at.
        partners: numbers of those that the next pooling makes one of, itself included.
        unit_of: the mask unit of every number.
    """

    token: int
    partners: tuple[int, ...]
    unit_of: tuple[int, ...]

    def is_near(self, number: int) -> bool:
        """Whether a token shares the mask unit of the one that is looked at."""
        return self.unit_of[number] == self.unit_of[self.token]

    def fill(self, number: int) -> tuple[float, ...]:
        """The colour of a token: that of its mask unit, pale if it is another one."""
        if number == self.token:
            return to_rgb(INK)
        tint = np.array(to_rgb(TINTS[self.unit_of[number] % len(TINTS)]))
        return tuple(tint if self.is_near(number) else 1 - PALE * (1 - tint))

    def ink(self, number: int) -> str:
        """The colour of its number."""
        if number == self.token:
            return "white"
        return INK if self.is_near(number) else FAR


@dataclass(frozen=True)
class Panel:
    """Numbers and where they stand.

    Attributes:
        numbers: of the tokens.
        corners: upper left corner of each, in inches.
        size: (width, height) of a cell in inches.
    """

    numbers: tuple[int, ...]
    corners: np.ndarray
    size: tuple[float, float]

    def squares(self, numbers: Sequence[int], inside: float = 0.0) -> np.ndarray:
        """Outlines of some cells, `inside` of an inch within them."""
        chosen = self.corners[[self.numbers.index(number) for number in numbers]]
        return chosen[:, None] + inside + CORNERS * (np.array(self.size) - 2 * inside)


def draw_unrolled(
    arrangements: Mapping[str, Int[Tensor, "..."]], marks: Marks, words: Sequence[str]
) -> Picture:
    """Tokens as they lie in memory, and below as blocks of blocks, once for each arrangement.

    Args:
        arrangements: title -> numbers, with axes in pairs: rows and columns of blocks, then of
            blocks in each, at last of cells. The last arrangement, read block by block, is memory.
        marks: what is marked.
        words: lines above it; the first is the title.
    """
    memory = tuple(list(arrangements.values())[-1].flatten().tolist())
    lefts = [MARGIN + number * (PANEL + BETWEEN) for number in range(len(arrangements))]
    panels = [_panel(array, left) for array, left in zip(arrangements.values(), lefts, strict=True)]
    low = max(panel.corners[:, 1].max() + panel.size[1] for panel in panels)
    figure, axes = sheet(WIDTH, low + BELOW)
    for panel, title, left in zip(panels, arrangements, lefts, strict=True):
        _cells(axes, panel, marks)
        _numbers(axes, panel, marks)
        _arrows(axes, panel, memory, marks)
        axes.text(left, TOP - 0.1, title, fontsize=9, color=INK)
    _ribbon(axes, memory, marks)
    for line, sentence in enumerate(words):
        axes.text(MARGIN, 0.26 + 0.22 * line, sentence, fontsize=9 if line else 11, color=INK)
    axes.text(MARGIN, low + 0.27, KEY, fontsize=8, color=INK)
    told = f"In memory: {', '.join(map(str, memory))}."
    return Picture(figure, " ".join((f"{words[0]}.", *words[1:], told)))


def _panel(array: Tensor, left: float) -> Panel:
    """Blocks of blocks of cells, as large as they can be."""
    places, size = np.zeros((1, 2)), np.ones(2)
    levels = list(zip(array.shape[::2], array.shape[1::2], strict=True))
    for depth, (rows, columns) in enumerate(reversed(levels)):
        y, x = np.mgrid[:rows, :columns]
        corners = np.stack([x.ravel(), y.ravel()], -1) * (size + depth * GAP)
        places = (corners[:, None] + places).reshape(-1, 2)
        size = corners[-1] + size
    inches = min(LARGEST, PANEL / size.max())
    numbers = tuple(array.flatten().tolist())
    return Panel(numbers, places * inches + (left, TOP), (inches, inches))


def _cells(axes: Axes, panel: Panel, marks: Marks) -> None:
    fills = [marks.fill(number) for number in panel.numbers]
    squares = panel.squares(panel.numbers)
    axes.add_collection(PolyCollection(squares, facecolors=fills, edgecolors="white", lw=1))
    if marks.partners:
        within = panel.squares(marks.partners, 0.02)
        axes.add_collection(PolyCollection(within, facecolors="none", edgecolors=INK, lw=1.6))


def _numbers(axes: Axes, panel: Panel, marks: Marks) -> None:
    points = min(10, 28 * panel.size[0])
    shapes = [_shape(number, marks.is_near(number)) for number in panel.numbers]
    middles = panel.corners + np.array(panel.size) / 2
    scaled = [
        Path(shape.vertices * points / 72 + middle, shape.codes)
        for shape, middle in zip(shapes, middles, strict=True)
    ]
    inks = [marks.ink(number) for number in panel.numbers]
    axes.add_collection(PathCollection(scaled, facecolors=inks, linewidths=0))


def _shape(number: int, is_bold: bool) -> Path:
    """A number as a shape, around its own middle, one unit tall, downwards."""
    shapes, (wide, tall) = [_digit(digit, is_bold) for digit in str(number)], SIZES[is_bold]
    lefts = wide * (np.arange(len(shapes)) - len(shapes) / 2)
    moved = [
        (one.vertices + np.array((left, -tall / 2))) * (1, -1)
        for one, left in zip(shapes, lefts, strict=True)
    ]
    return Path(np.concatenate(moved), np.concatenate([one.codes for one in shapes]))


@cache
def _digit(digit: str, is_bold: bool) -> Path:
    return TextPath((0, 0), digit, 1.0, prop={"weight": "bold" if is_bold else "normal"})


def _arrows(axes: Axes, panel: Panel, memory: tuple[int, ...], marks: Marks) -> None:
    """Point out the tokens that stand before and after the chosen one in memory."""
    place, (wide, tall) = memory.index(marks.token), panel.size
    for step, sign in ((-1, "<"), (1, ">")):
        if 0 <= place + step < len(memory):
            x, y = panel.corners[panel.numbers.index(memory[place + step])]
            x += wide / 2 + (wide / 2 - 0.06) * step
            axes.plot([x], [y + 0.18 * tall], sign, color=INK, markersize=4)


def _ribbon(axes: Axes, memory: tuple[int, ...], marks: Marks) -> None:
    wide = (WIDTH - 2 * MARGIN) / len(memory)
    corners = np.array([(MARGIN + wide * place, RIBBON) for place in range(len(memory))])
    _cells(axes, Panel(memory, corners, (wide, RIBBON_TALL)), marks)
    title = f"in memory, from place 0 to {len(memory) - 1}"
    axes.text(MARGIN, RIBBON - 0.08, title, fontsize=9, color=INK)
    last = -1.0
    for place in sorted(memory.index(number) for number in marks.partners or (marks.token,)):
        middle = MARGIN + wide * (place + 0.5)
        if middle - last > 0.25:
            low = RIBBON + RIBBON_TALL + 0.15
            axes.text(middle, low, str(place), fontsize=8, color=INK, ha="center")
            last = middle
