"""One model under several people's names: ribbons from what is stored to what is built."""

import math
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Protocol, runtime_checkable

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from torch import Tensor

from ...kit.axes import AXES
from ...kit.charts import COLOURS
from ...kit.picture import INK, Picture, box, sheet, write

Shape = tuple[int, ...]
MANY = (*COLOURS, AXES["channels"].colour, AXES["frames"].colour)
ROW = 0.39  # inches between two of our weights
LARGEST = 0.88  # of a row: the longest axis of all
THINNEST = 0.12
# In rows: where shapes stand, how far from them a name begins, how long ours are, and all in all.
LEFT, MIDDLE, RIGHT = 6.3, 9.7, 17.7
ASIDE, NAMES, WIDTH, TOP = 0.75, 5.0, 24.6, 2.3


@runtime_checkable
class Stored(Protocol):
    """One weight of a file, as `checkpoints.Match` tells it."""

    @property
    def theirs(self) -> str:
        """Its name in the file."""

    @property
    def ours(self) -> tuple[str, ...]:
        """What it is here; several names for what is stored fused."""

    @property
    def expected(self) -> Shape | None:
        """Its shape in the file."""


def draw_key_map(ours: Mapping[str, Tensor], theirs: Mapping[str, Sequence[Stored]]) -> Picture:
    """Our names in the middle, others' left and right, and what each becomes.

    Beside every name stands a rectangle as tall as its first axis and as wide as its second,
    all at one scale: what is transposed lies, what is fused is taller.

    Args:
        ours: our names and weights; their shapes are enough. A colour for each first word.
        theirs: title -> what a file holds, for the left and the right side. What is none of
            ours is left out.

    Raises:
        ValueError: if there are not two sides.
    """
    if len(theirs) != 2:
        raise ValueError(f"expected two sides, got {len(theirs)}: {', '.join(theirs)}.")
    kept = {t: [w for w in side if set(w.ours) & set(ours)] for t, side in theirs.items()}
    every = [tuple(w.shape) for w in ours.values()]
    every += [weight.expected for side in kept.values() for weight in side]
    scale = LARGEST / max(max(_sides(shape)) for shape in every)
    figure, axes = sheet(WIDTH * ROW, (len(ours) + 1.7) * ROW)
    axes.set(xlim=(0, WIDTH), ylim=(len(ours) + 1.7, 0))
    short = _shortened(list(ours))
    rows = {name: number + TOP for number, name in enumerate(ours)}
    words = list(dict.fromkeys(name.split(".")[0] for name in short.values()))
    colours = {n: MANY[words.index(s.split(".")[0]) % len(MANY)] for n, s in short.items()}
    for name, weight in ours.items():
        _shape(axes, MIDDLE, rows[name], tuple(weight.shape), scale, [colours[name]])
        write(axes, MIDDLE + ASIDE, rows[name], short[name], 8.5)
    for (title, side), x in zip(kept.items(), (LEFT, RIGHT), strict=True):
        names = _shortened([weight.theirs for weight in side])
        outward, centre = (-ASIDE, MIDDLE - 0.6) if x < MIDDLE else (ASIDE, MIDDLE + ASIDE + NAMES)
        for weight in side:
            mine = [name for name in weight.ours if name in rows]
            y = sum(rows[name] for name in mine) / len(mine)
            _shape(axes, x, y, weight.expected, scale, [colours[name] for name in mine])
            align = "right" if x < MIDDLE else "left"
            write(axes, x + outward, y, names[weight.theirs], 8.5, ha=align)
            for part, name in enumerate(mine):
                start = x - 0.8 * outward, y - ((len(mine) - 1) / 2 - part) * 0.2
                _ribbon(axes, start, (centre, rows[name]), colours[name])
        _title(axes, x, title, [weight.theirs for weight in side])
    _title(axes, MIDDLE, "here", list(ours))
    return Picture(figure, _told(kept, short))


def _shared(names: Sequence[str]) -> str:
    """What all names begin with, up to a full stop or a slash."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    common = "".join(letters[0] for letters in alike)
    return common[: max(common.rfind("."), common.rfind("/")) + 1]


def _shortened(names: Sequence[str]) -> dict[str, str]:
    return {name: name.removeprefix(_shared(names)) for name in names}


def _sides(shape: Shape) -> tuple[int, int]:
    return shape[0], math.prod(shape[1:])


def _shape(
    axes: Axes, x: float, y: float, shape: Shape, scale: float, bands: Sequence[str]
) -> None:
    """A rectangle around a place, in one band for each of what is fused."""
    height, width = (max(side * scale, THINNEST) for side in _sides(shape))
    tall = height / len(bands)
    for number, colour in enumerate(bands):
        look = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.6}
        box(axes, x - width / 2, y - height / 2 + number * tall, width, tall, **look)


def _ribbon(axes: Axes, start: tuple, end: tuple, colour: str) -> None:
    """A band that bends from one place to the other."""
    half, bend = 0.08, (start[0] + end[0]) / 2
    upper = [(start[0], start[1] - half), (bend, start[1] - half), (bend, end[1] - half),
             (end[0], end[1] - half)]  # fmt: skip
    lower = [(x, y + 2 * half) for x, y in reversed(upper)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3]
    axes.add_patch(PathPatch(Path(upper + lower, codes), facecolor=colour, alpha=0.45, linewidth=0))


def _title(axes: Axes, x: float, title: str, names: Sequence[str]) -> None:
    """Whose names, and what all of them begin with."""
    at, align = (x - ASIDE, "right") if x < MIDDLE else (x + ASIDE, "left")
    write(axes, at, TOP - 1.75, title, 10, ha=align, fontweight="bold")
    write(axes, at, TOP - 1.05, _shared(names), ha=align, color="#666666")


def _told(kept: Mapping[str, Sequence[Stored]], short: Mapping[str, str]) -> str:
    sides = []
    for title, side in kept.items():
        names = _shortened([weight.theirs for weight in side])
        pairs = (
            f"{names[w.theirs]} is {' and '.join(short[name] for name in w.ours if name in short)}"
            for w in side
        )
        sides.append(f"in {title}, {', '.join(pairs)}")
    return f"Names of weights, joined by ribbons: {'; '.join(sides)}."
