"""Windows that slide along an axis, and the padding that decides where they land."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture

PAD = "#DDDDDD"
INPUT, OUTPUT = AXES["width"].colour, AXES["inputs"].colour


@checked
def draw_windows(
    length: int, kernel: int, stride: int, paddings: Mapping[str, tuple[int, int]]
) -> Picture:
    """Cells of one axis, each window over them, and the output cell that it makes.

    Args:
        length: cells of the axis.
        kernel: cells in a window.
        stride: cells from one window to the next.
        paddings: title -> grey cells (before, after), one drawing for each.
    """
    heights = [2.2 + 0.42 * _count(length, kernel, stride, pads) for pads in paddings.values()]
    figure = Figure(figsize=(6.2, 0.36 * sum(heights)), layout="constrained")
    column = figure.subplots(len(paddings), 1, squeeze=False, height_ratios=heights)[:, 0]
    left = max(before for before, _ in paddings.values())
    right = max(after for _, after in paddings.values())
    for axes, (title, pads) in zip(column, paddings.items(), strict=True):
        _draw(axes, length, kernel, stride, pads)
        axes.set_title(f"{title}: {_told(length, kernel, stride, pads)}", fontsize=9, color=INK)
        axes.set(xlim=(-left - 0.2, length + right + 0.2))
    told = "; ".join(f"{t}, {_told(length, kernel, stride, p)}" for t, p in paddings.items())
    return Picture(figure, f"Windows of {kernel} over {length} cells, {stride} apart: {told}.")


def _starts(length: int, kernel: int, stride: int, pads: tuple[int, int]) -> range:
    return range(-pads[0], length + pads[1] - kernel + 1, stride)


def _count(length: int, kernel: int, stride: int, pads: tuple[int, int]) -> int:
    return len(_starts(length, kernel, stride, pads))


def _told(length: int, kernel: int, stride: int, pads: tuple[int, int]) -> str:
    starts = _starts(length, kernel, stride, pads)
    padded = f"{pads[0]} before and {pads[1]} after"
    return f"{padded}, {len(starts)} windows, the first from {starts[0]}"


def _draw(axes: Axes, length: int, kernel: int, stride: int, pads: tuple[int, int]) -> None:
    for cell in range(-pads[0], length + pads[1]):
        is_pad = not 0 <= cell < length
        axes.add_patch(
            Rectangle((cell, 0), 1, 1, facecolor=PAD if is_pad else INPUT, edgecolor="white")
        )
        if not is_pad:
            axes.text(cell + 0.5, 0.5, str(cell), ha="center", va="center", fontsize=8, color=INK)
    starts = _starts(length, kernel, stride, pads)
    for number, start in enumerate(starts):
        y = 1.25 + 0.42 * number
        axes.plot([start + 0.1, start + kernel - 0.1], [y, y], color=INK, linewidth=1.5)
        middle = start + kernel / 2
        axes.plot(middle, y, marker="s", markersize=9, color=OUTPUT, markeredgecolor=INK)
        axes.text(middle, y - 0.02, str(number), ha="center", va="center", fontsize=7, color=INK)
    axes.set(ylim=(-0.1, 1.5 + 0.42 * len(starts)))
    axes.set_axis_off()
