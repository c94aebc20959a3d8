"""Amounts in words, and as bars on a sheet that is measured in inches."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from ..kit.axes import AXES
from ..kit.picture import INK, box, write

BYTES = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
TIMES = ("", "thousand", "million", "thousand million", "million million", "x 10¹⁵", "x 10¹⁸")
POWERS = ("", " x 10³", " x 10⁶", " x 10⁹", " x 10¹²", " x 10¹⁵", " x 10¹⁸")
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
GRID = "#CCCCCC"
HATCH = "////"


def in_bytes(count: int) -> str:
    """Bytes with three digits or so.

    >>> in_bytes(16 * 2**30), in_bytes(163_376_192), in_bytes(4)
    ('16 GiB', '156 MiB', '4 bytes')
    """
    power = min(len(BYTES) - 1, int(math.log2(count) // 10)) if count else 0
    return f"{_digits(count / 2 ** (10 * power))} {BYTES[power]}"


def in_words(count: int) -> str:
    """A large number with three digits or so.

    >>> in_words(406_124_744_704), in_words(20_061_611), in_words(12)
    ('406 thousand million', '20.1 million', '12')
    """
    power = min(len(TIMES) - 1, int(math.log10(count) // 3)) if count else 0
    return f"{_digits(count / 1000**power)} {TIMES[power]}".strip()


def in_powers(count: int) -> str:
    """The same, shorter.

    >>> in_powers(406_124_744_704), in_powers(12)
    ('406 x 10⁹', '12')
    """
    power = min(len(POWERS) - 1, int(math.log10(count) // 3)) if count else 0
    return f"{_digits(count / 1000**power)}{POWERS[power]}"


def _digits(number: float) -> str:
    return f"{number:.3g}" if number < 99.5 else f"{number:,.0f}"


@dataclass(frozen=True)
class Bar:
    """One amount.

    Attributes:
        name: what it is of.
        amount: e.g. bytes.
        kind: one of `AXES`, for its colour; None: what is compared with, hatched.
    """

    name: str
    amount: int
    kind: str | None

    @property
    def look(self) -> dict[str, str]:
        """Colour and hatch."""
        if self.kind is None:
            return {"facecolor": "white", "hatch": HATCH}
        return {"facecolor": AXES[self.kind].colour}


@dataclass(frozen=True)
class Scale:
    """Where amounts lie on a line on which equal steps are equally many times as much.

    Attributes:
        low: the amount at the left end, and of all that are smaller.
        high: the amount at the right end.
        marks: (amount, name) of thin lines across.
        words: an amount in words.
    """

    low: int
    high: int
    marks: tuple[tuple[int, str], ...]
    words: Callable[[int], str]

    def share(self, amount: int) -> float:
        """How far along the line an amount lies, from 0 to 1."""
        return math.log(max(amount, self.low) / self.low) / math.log(self.high / self.low)


def tens(low: int, high: int, *marks: int) -> Scale:
    """A scale from 10 ** low to 10 ** high, with lines at some powers between."""
    named = tuple((10**n, f"10{str(n).translate(RAISED) if n > 1 else ''}") for n in marks)
    return Scale(10**low, 10**high, named, in_powers)


def byte_scale(low: int, high: int, *marks: int) -> Scale:
    """A scale of bytes from 2 ** low to 2 ** high, with lines at 1024 ** some powers."""
    return Scale(2**low, 2**high, tuple((1024**n, BYTES[n]) for n in marks), in_bytes)


def draw_bar_table(
    axes: Axes,
    bars: Sequence[Bar],
    scale: Scale,
    top: float,
    columns: tuple[float, float, float],
    step: float = 0.225,
) -> float:
    """A bar for each amount, its name to the left, the amount in words to the right.

    Args:
        axes: a `sheet`.
        bars: from top to bottom.
        scale: of their lengths.
        top: of the first row.
        columns: where names end, where bars end, and where amounts begin.
        step: from one row to the next.

    Returns:
        Where it ends below.
    """
    left, right, words = columns[0] + 0.07, columns[1], columns[2]
    low = top - step * len(bars)
    marks = [left + (right - left) * scale.share(amount) for amount, _ in scale.marks]
    axes.vlines(marks, low, top, color=GRID, linewidth=0.7, zorder=0)
    for x, (_, name) in zip(marks, scale.marks, strict=True):
        write(axes, x, low - 0.08, name, ha="center")
    for row, bar in enumerate(bars):
        y = top - (row + 0.5) * step
        wide = max(0.01, (right - left) * scale.share(bar.amount))
        look = {"edgecolor": INK, "linewidth": 0.7, **bar.look}
        box(axes, left, y - 0.35 * step, wide, 0.7 * step, **look)
        write(axes, columns[0], y, bar.name, ha="right")
        write(axes, words, y, scale.words(bar.amount))
    return low
