"""All arrays of a machine for several modalities: one to scale, and all of them in bytes."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from .amounts import (
    Bar,
    byte_scale,
    draw_bar_table,
    in_bytes,
    in_words,
    say,
    tens,
)
from .modalities import PARTS
from .picture import INK, Picture, sheet

WIDE, TALL = 8.0, 4.95
LEFT, ACROSS = 0.15, 7.7
WIDEST = 1160  # channels across the drawing, so that a narrower array is seen to be narrower
# Dots tell where from what in grey as well.
LOOKS = {
    part: {"hatch": "..", **look} if part == "where it is" else look for part, look in PARTS.items()
}
BYTES = byte_scale(6, 42, 2, 3, 4)
FLOPS = tens(5, 17, 6, 9, 12, 15)


def draw_arrays(
    rows: Mapping[str, int],
    widths: Mapping[str, tuple[int, int, int]],
    title: str,
    held: tuple[Sequence[Bar], int],
    spent: Sequence[Bar],
) -> Picture:
    """An array of several modalities, and below it what all arrays hold and all steps cost.

    Channels are to scale, the same in every drawing. Rows are not: a band is taller for more.

    Args:
        rows: modality -> its rows of the array, in the array's order.
        widths: modality -> channels of what is there, of where it is, and of padding.
        title: what to notice, in one or two lines; without any rows, all there is.
        held: bytes of every array, and the bytes of a memory, which are marked.
        spent: operations of every step.
    """
    figure, axes = sheet(WIDE, TALL, is_upward=True)
    axes.text(LEFT, TALL - 0.1, title, va="top", fontsize=10, color=INK, linespacing=1.4)
    plain = title.replace("\n", " ")
    if not rows:
        return Picture(figure, plain)
    _legend(axes, TALL - 0.72)
    told = _bands(axes, TALL - 0.92, rows, widths)
    (bars, memory), top = held, 2.1
    low = draw_bar_table(axes, bars, BYTES, top, (2.32, 3.62, 3.68))
    x = 2.39 + 1.23 * BYTES.share(memory)
    axes.vlines(x, low, top, color=INK, linewidth=1.4, linestyle="--")
    say(axes, 2.39, top + 0.1, f"bytes; dashed: a memory of {in_bytes(memory)}", size=9)
    draw_bar_table(axes, spent, FLOPS, top, (5.5, 6.85, 6.93), step=0.3)
    say(axes, 5.57, top + 0.1, "operations", size=9)
    listed = "; ".join(f"{bar.name}, {in_bytes(bar.amount)}" for bar in bars)
    costs = "; ".join(f"{bar.name}, {in_words(bar.amount)}" for bar in spent)
    return Picture(figure, f"{plain} {told}. Bytes: {listed}. Operations: {costs}.")


def _legend(axes: Axes, y: float) -> None:
    for number, (part, look) in enumerate(LOOKS.items()):
        x = LEFT + 1.4 * number
        axes.add_patch(Rectangle((x, y - 0.06), 0.22, 0.12, edgecolor=INK, linewidth=0.7, **look))
        say(axes, x + 0.29, y, part)


def _bands(axes: Axes, top: float, rows: Mapping[str, int], widths: Mapping[str, tuple]) -> str:
    """One band for each modality, from top to bottom, under a line that says what it is."""
    told = []
    for name, count in rows.items():
        tall = 0.1 + 0.06 * math.log10(count)
        parts = [f"{n} {part}" for n, part in zip(widths[name], PARTS, strict=True) if n]
        named = f"{name}, {count:,} row{'s' * (count > 1)}"
        told.append(f"{named}: {' + '.join(parts)}")
        short = " + ".join(str(n) for n in widths[name] if n)
        say(axes, LEFT, top - 0.1, f"{named}: {short} channels", size=9)
        _band(axes, widths[name], top - 0.21 - tall, tall)
        top -= tall + 0.31
    return "; ".join(told)


def _band(axes: Axes, widths: tuple[int, int, int], low: float, tall: float) -> None:
    left, inch = LEFT, ACROSS / WIDEST
    for width, look in zip(widths, LOOKS.values(), strict=True):
        corner = (left, low)
        box = Rectangle(corner, width * inch, tall, edgecolor=INK, linewidth=0.7, **look)
        axes.add_patch(box)
        left += width * inch
