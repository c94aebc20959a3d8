"""Numbered tokens as the flat ribbon that they are in memory, and in blocks of blocks.

All of it lies on one sheet, in inches from the upper left corner.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from torch import Tensor

from perceiver_tutorial.hiera import max_pool, reroll, unroll
from perceiver_tutorial.hiera.mask_units import Grid, by, unit_grid

from ..kit.cells import TINTS
from ..kit.picture import INK, Picture, boxes, middle, sheet, write
from .explorer import Explorer, Settings
from .knobs import Choice, Switch, Whole

PALE = 0.35  # how much of its tint a token keeps that lies in another mask unit
FAR = "#555555"
GAP = 0.3  # between blocks, in cells; as much again for every level
WIDTH, PANEL, BETWEEN, MARGIN = 8.0, 3.6, 0.4, 0.2  # inches
RIBBON, TOP, BELOW = 1.06, 1.86, 0.4  # where the ribbon starts, and the panels; room for the key
RIBBON_TALL = 0.22
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

    def places(self, numbers: Sequence[int], inside: float = 0.0) -> list[tuple[float, ...]]:
        """(x, y, width, height) of some cells, `inside` of an inch within them."""
        chosen = (self.corners[self.numbers.index(number)] + inside for number in numbers)
        return [(*corner, *(side - 2 * inside for side in self.size)) for corner in chosen]


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
        points, middles = min(10, 28 * panel.size[0]), panel.corners + np.array(panel.size) / 2
        for number, (x, y) in zip(panel.numbers, middles.tolist(), strict=True):
            weight = "bold" if marks.is_near(number) else "normal"
            middle(axes, x, y, str(number), points, color=marks.ink(number), weight=weight)
        _arrows(axes, panel, memory, marks)
        write(axes, left, TOP - 0.1, title, 9, va="baseline")
    _ribbon(axes, memory, marks)
    for line, sentence in enumerate(words):
        write(axes, MARGIN, 0.26 + 0.22 * line, sentence, 9 if line else 11, va="baseline")
    write(axes, MARGIN, low + 0.27, KEY, va="baseline")
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
    boxes(axes, panel.places(panel.numbers), facecolors=fills, edgecolors="white", lw=1)
    within = panel.places(marks.partners, 0.02)
    boxes(axes, within, facecolors="none", edgecolors=INK, lw=1.6)


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
    write(axes, MARGIN, RIBBON - 0.08, title, 9, va="baseline")
    last = -1.0
    for place in sorted(memory.index(number) for number in marks.partners or (marks.token,)):
        x = MARGIN + wide * (place + 0.5)
        if x - last > 0.25:
            low = RIBBON + RIBBON_TALL + 0.15
            write(axes, x, low, str(place), ha="center", va="baseline")
            last = x


@dataclass(frozen=True)
class Way:
    """Tokens, numbered row by row, at one step of their way through a model.

    Attributes:
        sides: tokens along each axis at first.
        pools: how many tokens along each axis each pooling makes one.
        step: 0 is row by row; then one sorting for each pooling; then the poolings.
    """

    sides: Grid
    pools: tuple[Grid, ...]
    step: int

    @property
    def pooled(self) -> int:
        """How many poolings are over."""
        return max(0, self.step - len(self.pools))

    @property
    def sorted_for(self) -> tuple[Grid, ...]:
        """The poolings to come that the order is ready for."""
        return self.pools[self.pooled : self.step]

    @property
    def to_come(self) -> tuple[Grid, ...]:
        """All poolings that are to come."""
        return self.pools[self.pooled :]

    @property
    def now(self) -> Grid:
        """Tokens along each axis that are left."""
        return shrunk(self.sides, self.pools[: self.pooled])

    @cached_property
    def order(self) -> Int[Tensor, " tokens"]:
        """The numbers as they lie in memory; a pooling leaves the largest."""
        numbers = torch.arange(float(math.prod(self.sides))).view(1, -1, 1)
        tokens = unroll(numbers, self.sides, self.pools[: self.step])
        for size in self.pools[: self.pooled]:
            tokens = max_pool(tokens, math.prod(size))
        return tokens.flatten().int()

    @cached_property
    def ready(self) -> "Way":
        """As many poolings are over, and the order is ready for all that are to come."""
        return Way(self.sides, self.pools, len(self.pools) + self.pooled)

    @property
    def on_grid(self) -> Int[Tensor, "*grid"]:
        """The numbers back on their grid."""
        tokens = self.order.float().view(1, -1, 1)
        return reroll(tokens, self.now, self.sorted_for)[0, ..., 0].int()

    @property
    def unit_of(self) -> tuple[int, ...]:
        """The mask unit of every token: in pooling order they take turns."""
        order = Way(self.sides, self.pools, len(self.pools)).order
        num_units = math.prod(shrunk(self.sides, self.pools))
        return tuple((order.argsort() % num_units).tolist())

    def becomes(self, number: int) -> int:
        """The number under which a token lives on."""
        everything = Way(self.sides, self.pools, len(self.pools)).order
        place = int((everything == number).nonzero())
        return int(self.ready.order[place % len(self.order)])

    def partners(self, number: int) -> tuple[int, ...]:
        """Those that the next pooling makes one of, itself included; none after the last."""
        if not self.to_come:
            return ()
        groups = self.ready.order.view(math.prod(self.to_come[0]), -1).mT
        return tuple(next(group for group in groups.tolist() if number in group))


def shrunk(sides: Grid, pools: Sequence[Grid]) -> Grid:
    """Tokens along each axis that some poolings leave.

    >>> shrunk((8, 12), [(2, 2), (2, 3)])
    (2, 2)
    """
    return tuple(s // u for s, u in zip(sides, unit_grid(pools, len(sides)), strict=True))


def in_units(way: Way) -> Int[Tensor, "..."]:
    """The grid as blocks: mask units, and tokens in each; frames stand side by side."""
    unit = unit_grid(way.to_come, len(way.sides))
    pattern = "... (uy y) (ux x) -> ... uy ux y x"
    blocks = rearrange(way.on_grid, pattern, y=unit[-2], x=unit[-1])
    return blocks[None] if blocks.ndim == 5 else blocks


def in_memory(way: Way) -> Int[Tensor, "..."]:
    """The order as blocks: for each pooling its places, at last the grid of what is left."""
    levels = [*way.sorted_for, shrunk(way.now, way.sorted_for)]
    return way.order.view(*(side for level in levels for side in _pair(level)))


def on_grid_blocks(way: Way) -> Int[Tensor, "..."]:
    """The grid, row by row: rerolled, or never sorted; frames stand side by side."""
    return way.on_grid.view(_pair(way.now))


def _pair(level: Grid) -> Grid:
    """Rows and columns of blocks; frames are a row of blocks of their own."""
    return (1, level[0], *level[1:]) if len(level) == 3 and level[0] > 1 else level[-2:]


GRIDS: dict[str, tuple[Grid, tuple[Grid, ...]]] = {
    "4 x 8 tokens": ((4, 8), ((2, 2), (2, 2))),
    "8 x 8 tokens": ((8, 8), ((2, 2), (2, 2))),
    "8 x 8 tokens, three poolings": ((8, 8), ((2, 2), (2, 2), (2, 2))),
    "6 x 12 tokens, pooled by 2 x 2, then 3 x 3": ((6, 12), ((2, 2), (3, 3))),
    "2 frames of 4 x 4 tokens": ((2, 4, 4), ((1, 2, 2), (1, 2, 2))),
}
NTH = ("first", "second", "third")
TIMES = ("not at all", "once", "twice", "three times")


def _step(settings: Settings) -> Whole:
    num_pools = len(GRIDS[settings["grid"]][1])
    return Whole("step", 0, 2 * num_pools, num_pools)


def _row(settings: Settings) -> Whole:
    return Whole("row", 0, GRIDS[settings["grid"]][0][-2] - 1, 2)


def _column(settings: Settings) -> Whole:
    sides = GRIDS[settings["grid"]][0]
    label = "column, through both frames" if len(sides) == 3 else "column"
    return Whole(label, 0, math.prod(sides) // sides[-2] - 1, 4)


KNOBS = {
    "grid": Choice("grid", tuple(GRIDS), "8 x 8 tokens"),
    "step": _step,
    "rerolled": Switch("reroll"),
    "row": _row,
    "column": _column,
}


def draw(grid: str, step: int, rerolled: bool, row: int, column: int) -> Picture:
    """One token, its mask unit and those it is pooled with, on the grid and in memory."""
    way = Way(*GRIDS[grid], step)
    frame, x = divmod(column, way.sides[-1])
    chosen = (frame * way.sides[-2] + row) * way.sides[-1] + x
    token = way.becomes(chosen)
    marks = Marks(token, way.partners(token), way.unit_of)
    memory = on_grid_blocks(way) if rerolled else in_memory(way)
    read = "block by block" if memory.ndim > 2 else "row by row"
    panels = {
        f"on the grid: {by(way.now)} tokens, in mask units": in_units(way),
        f"in memory, read {read}": memory,
    }
    words = (_title(way, rerolled), _met(memory, marks), _stands(chosen, memory, marks))
    return draw_unrolled(panels, marks, words)


def _title(way: Way, rerolled: bool) -> str:
    """Which step this is, and the shape of what lies in memory."""
    if way.pooled:
        what = f"pool {TIMES[way.pooled]}"
    else:
        what = _unrolled(way) if way.step else "row by row"
    if rerolled:
        return f"Step {way.step}: {what}, then reroll: [{by(way.now)} tokens]"
    rest = shrunk(way.now, way.sorted_for)
    shape = ", ".join([*map(by, way.sorted_for), by(rest)])
    return f"Step {way.step}: {what}: [{shape} {_called(way, rest)}]"


def _unrolled(way: Way) -> str:
    """What a step of unroll is for; with a single mask unit the last one finds all in order."""
    before = Way(way.sides, way.pools, way.step - 1)
    what = f"unroll for the {NTH[way.step - 1]} pooling"
    return what if (way.order != before.order).any() else f"{what} moves nothing"


def _called(way: Way, rest: Grid) -> str:
    """What the last axis of memory counts."""
    if rest == shrunk(way.sides, way.pools):
        return "mask units" if math.prod(rest) > 1 else "mask unit"
    return "squares" if way.step else "tokens"


def _met(memory: Tensor, marks: Marks) -> str:
    """How far apart those lie that are pooled next, and what that means."""
    if not marks.partners:
        return (
            "No pooling is left: one token for each mask unit, and memory is the grid, row by row."
        )
    apart = _steps(memory, marks.partners)
    listed = ", ".join(map(str, sorted(marks.partners)))
    met = f"Pooled next: {listed}. They lie {_said(apart)} apart, on "
    return met + ("one axis: take its maximum." if len(apart) == 1 else "no axis of their own.")


def _stands(chosen: int, memory: Tensor, marks: Marks) -> str:
    """Where a token lies in memory, and its mask unit."""
    order = memory.flatten().tolist()
    unit = marks.unit_of[chosen]
    own = [number for number in order if marks.unit_of[number] == unit]
    name = f"Token {chosen}" if chosen == marks.token else f"Token {chosen}, now in {marks.token},"
    place = f"{name} is at place {order.index(marks.token)}"
    if len(own) == 1:
        return f"{place}, all that is left of mask unit {unit}."
    apart = _said(_steps(memory, own))
    return f"{place}. The {len(own)} tokens of its mask unit {unit} lie {apart} apart."


def _steps(memory: Tensor, numbers: Sequence[int]) -> list[int]:
    """All the distances between one of these and the next in memory."""
    order = memory.flatten().tolist()
    places = sorted(order.index(number) for number in numbers)
    return sorted({after - before for before, after in pairwise(places)})


def _said(steps: list[int]) -> str:
    plural = "place" if steps == [1] else "places"
    listed = [", ".join(map(str, steps[:-1])), str(steps[-1])]
    return f"{' or '.join(filter(None, listed))} {plural}"


def mask_units() -> Explorer:
    """Follow a token through unroll, pooling and reroll; its unit and its pool are marked."""
    hint = (
        "Set the step to 0 and walk up with the arrow keys: the four outlined tokens drift apart, "
        "until each stands at the same place in a block of its own."
    )
    return Explorer("Mask units", draw, KNOBS, hint)
