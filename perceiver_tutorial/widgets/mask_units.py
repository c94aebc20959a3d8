"""Mask units: a token on its way through unroll, pooling and reroll."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from ..hiera.mask_units import Grid, by
from ..viz import Marks, Picture, draw_unrolled
from .explorer import Explorer, Settings
from .knobs import Choice, Switch, Whole
from .token_way import Way, in_memory, in_units, on_grid_blocks, shrunk

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
