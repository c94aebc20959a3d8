"""Lines, bars and tables of numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from torch import Tensor

from .axes import AXES, Kind
from .picture import INK, Picture, ink_on, open_frame

COLOURS = tuple(AXES[name].colour for name in ("inputs", "latents", "queries", "classes"))
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")
# Frames on images, told apart by colour and by line.
FRAME_COLOURS = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00")
FRAME_DASHES = ("-", "--", "-.", ":", "-")


def draw_coordinates(axes_of: Mapping[str, Float[Tensor, " cells"]]) -> Picture:
    """The coordinates of several axes, one line for each.

    Args:
        axes_of: title -> coordinates of its cells, unitless.
    """
    figure = Figure(figsize=(7.5, 0.5 + 0.45 * len(axes_of)), layout="constrained")
    axes = figure.add_subplot()
    for number, coordinates in enumerate(axes_of.values()):
        level = [-number] * len(coordinates)
        style = {"color": COLOURS[number % 4], "marker": MARKERS[number % 4]}
        axes.plot(coordinates.numpy(), level, linewidth=0.8, markersize=5, **style)
    axes.set_yticks([-n for n in range(len(axes_of))], list(axes_of), fontsize=9, color=INK)
    axes.set(ylim=(0.5 - len(axes_of), 0.5), xticks=[-1, -0.5, 0, 0.5, 1])
    axes.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    told = (f"{t}, {len(c)} cells from {c[0]:.2f} to {c[-1]:.2f}" for t, c in axes_of.items())
    return Picture(figure, f"Coordinates on a line: {'; '.join(told)}.")


def draw_functions(
    x: Float[Tensor, " points"], panels: Mapping[str, Mapping[str, Float[Tensor, " points"]]]
) -> Picture:
    """Functions of x, one panel beside another.

    Args:
        x: from left to right.
        panels: title of a panel -> name of a function -> its values.
    """
    figure = Figure(figsize=(3.6 * len(panels), 2.4), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (title, functions) in zip(row, panels.items(), strict=True):
        for number, (name, y) in enumerate(functions.items()):
            style = {"color": COLOURS[number % 4], "linestyle": DASHES[number % 4]}
            axes.plot(x.numpy(), y.numpy(), label=name, **style)
        axes.set_title(title, fontsize=9, color=INK)
        axes.legend(frameon=False, fontsize=8)
        open_frame(axes)
    told = "; ".join(f"{title}: {', '.join(functions)}" for title, functions in panels.items())
    return Picture(figure, f"Functions from {x[0]:.1f} to {x[-1]:.1f}. {told}.")


def draw_losses(
    losses: Sequence[float],
    title: str = "training loss",
    levels: Mapping[str, float] | None = None,
) -> Picture:
    """The loss of every step, and its mean over the steps around.

    Args:
        losses: in the order of the steps.
        title: above the curve.
        levels: name -> loss to compare with, drawn as a dashed line.
    """
    figure = Figure(figsize=(5.5, 2.6), layout="constrained")
    axes = figure.add_subplot()
    window = max(1, len(losses) // 25)
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    axes.plot(losses, color="#BBBBBB", linewidth=0.8, label="each step")
    axes.plot(
        np.arange(len(smooth)) + window / 2, smooth, color=AXES["latents"].colour, label="mean"
    )
    for name, level in (levels or {}).items():
        axes.axhline(level, color=INK, linewidth=1, linestyle="--")
        axes.annotate(
            name, (len(losses), level), (0, -11), textcoords="offset points", fontsize=8, ha="right"
        )
    axes.set(xlabel="step", ylabel="loss", ylim=(0, None))
    axes.set_title(title, fontsize=10, color=INK)
    axes.legend(frameon=False, fontsize=8)
    open_frame(axes)
    course = "falls" if smooth[-1] < smooth[0] else "does not fall"
    ends = [f"it ends {_side(smooth[-1], level)} {name}" for name, level in (levels or {}).items()]
    told = "; ".join([f"it {course} from left to right", *ends])
    return Picture(figure, f"{title}, over {len(losses)} steps: {told}.")


def _side(value: float, level: float) -> str:
    return "below" if value < level else "above"


def draw_bars(values: Mapping[str, int | float], title: str, unit: str) -> Picture:
    """Named numbers as bars, longest possible labels, logarithmic if they differ a lot.

    Args:
        values: name -> number, from top to bottom.
        title: above the bars.
        unit: what the numbers count.
    """
    figure = Figure(figsize=(6.5, 0.6 + 0.36 * len(values)), layout="constrained")
    axes = figure.add_subplot()
    names, numbers = list(values), list(values.values())
    bars = axes.barh(names, numbers, color=AXES["latents"].colour, height=0.6)
    axes.bar_label(bars, [f"{n:,.4g}" if n < 1000 else f"{n:,.0f}" for n in numbers], padding=4)
    is_wide = max(numbers) > 50 * min(numbers)
    axes.set_xscale("log" if is_wide else "linear")
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.set_title(title, fontsize=10, color=INK)
    axes.set_xlabel(f"{unit}, each step ten times more" if is_wide else unit)
    open_frame(axes)
    listed = ", ".join(f"{name} {number:,.4g}" for name, number in values.items())
    return Picture(figure, f"Bars, {title}, in {unit}: {listed}.")


@dataclass(frozen=True)
class Curve:
    """One thing that grows.

    Attributes:
        name: in the legend.
        kind: of `AXES`, for its colour.
        sizes: where it was looked at.
        values: what was found there.
        law: what a formula says there. Default: nothing, and the points are joined.
    """

    name: str
    kind: str
    sizes: Sequence[int]
    values: Sequence[int | float]
    law: Sequence[int | float] | None = None

    @property
    def growth(self) -> float:
        """At the end of the curve: how many times as much, for twice the size."""
        steps = math.log(self.sizes[-1] / self.sizes[-2], 2)
        return (self.values[-1] / self.values[-2]) ** (1 / steps)


def draw_scaling(
    curves: Sequence[Curve], title: str, unit: str, meeting: int | float | None = None
) -> Picture:
    """Points of every curve, and a line where a formula or the points themselves lead it.

    Args:
        curves: at most four.
        title: above the picture.
        unit: of the values.
        meeting: a size to be marked, e.g. where two curves meet.
    """
    figure = Figure(figsize=(7.2, 3.9), layout="constrained")
    axes = figure.add_subplot()
    for curve, marker in zip(curves, MARKERS, strict=False):
        _draw(axes, curve, marker)
    if meeting is not None:
        axes.axvline(meeting, color="#777777", linestyle=":", linewidth=1.2)
        where = axes.get_xaxis_transform()
        axes.text(meeting, 0.97, f" {meeting:,.0f}", transform=where, va="top", fontsize=8)
    sizes = sorted({size for curve in curves for size in curve.sizes})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set(xlabel="inputs (M)", ylabel=unit)
    axes.set_title(title, fontsize=10, color=INK)
    axes.grid(color="#E5E5E5", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8)
    open_frame(axes)
    return Picture(figure, _alt(curves, title, unit, meeting))


def _draw(axes: Axes, curve: Curve, marker: str) -> None:
    style = {"color": AXES[curve.kind].colour, "marker": marker, "markersize": 5}
    if curve.law is None:
        axes.loglog(curve.sizes, curve.values, label=curve.name, linewidth=1.2, **style)
        return
    axes.loglog(curve.sizes, curve.values, label=curve.name, linestyle="none", **style)
    line = {"color": style["color"], "linewidth": 1.2, "alpha": 0.8}
    axes.loglog(curve.sizes, curve.law, label=f"{curve.name}: formula", **line)


def _alt(curves: Sequence[Curve], title: str, unit: str, meeting: int | float | None) -> str:
    told = (
        f"{curve.name}, at the end {curve.growth:.1f} times as much for twice the inputs"
        for curve in curves
    )
    span = f"{min(curves[0].sizes):,} to {max(curves[0].sizes):,} inputs"
    marked = "" if meeting is None else f" Marked: {meeting:,.0f} inputs."
    return f"Growth, {title}, in {unit}, from {span}: {'; '.join(told)}.{marked}"


HEAT = LinearSegmentedColormap.from_list("heat", ["#FFFFFF", AXES["latents"].colour])
FEW = 40
INCHES_OF_FEW, INCHES_OF_MANY, WIDEST = 0.42, 0.16, 9.4


def draw_scores(
    maps: Mapping[str, Float[Tensor, "_ _"]],
    rows: str = "queries",
    columns: str = "inputs",
    sums: bool = False,
) -> Picture:
    """Maps with a row for each who asks and a column for each who is read, side by side.

    Each map is shown from its smallest number, white, to its largest; numbers are
    written in while they are few.

    Args:
        maps: title -> scores or weights.
        rows: kind of the rows, a key of `AXES`.
        columns: kind of the columns.
        sums: write the sums of rows and columns at the edges.
    """
    are_few = all(numbers.numel() <= FEW for numbers in maps.values())
    wide = sum(numbers.shape[1] + (2 + sums if are_few else 5) for numbers in maps.values())
    tall = max(len(numbers) for numbers in maps.values()) + (1.2 + sums if are_few else 3)
    inches = min(INCHES_OF_FEW if are_few else INCHES_OF_MANY, WIDEST / wide)
    figure = Figure(figsize=(max(inches * wide, 2.2), inches * tall + 0.5), layout="constrained")
    row = figure.subplots(1, len(maps), squeeze=False)[0]
    for axes, (title, numbers) in zip(row, maps.items(), strict=True):
        _heat(axes, numbers.detach())
        if sums:
            _sums(axes, numbers.detach())
        _chip(axes, AXES[rows], at=(0.0, 0.5), away=(-9.0, 0.0))
        _chip(axes, AXES[columns], at=(0.5, 0.0), away=(0.0, -27.0 if sums else -11.0))
        axes.set_title(title, fontsize=9, color=INK)
    return Picture(figure, _told(maps, rows, columns, sums))


def _heat(axes: Axes, numbers: Tensor) -> None:
    low, high = float(numbers.min()), float(numbers.max())
    axes.imshow(numbers.numpy(), cmap=HEAT, vmin=low, vmax=high, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color("#CCCCCC")
    if numbers.numel() > FEW:
        return
    for y, values in enumerate(numbers.tolist()):
        for x, value in enumerate(values):
            ground = HEAT((value - low) / max(high - low, 1e-9))
            _write(axes, x, y, _words(value, numbers), color=ink_on(ground))


def _sums(axes: Axes, numbers: Tensor) -> None:
    height, width = numbers.shape
    for y, total in enumerate(numbers.sum(1).tolist()):
        _write(axes, width + 0.1, y, _words(total, numbers), color=INK, fontweight="bold")
    for x, total in enumerate(numbers.sum(0).tolist()):
        _write(axes, x, height - 0.1, _words(total, numbers), color=INK, fontweight="bold")


def _words(value: float, among: Tensor) -> str:
    """Two decimals, or none where all numbers are whole."""
    return f"{value:.0f}" if bool((among == among.round()).all()) else f"{value:.2f}"


def _write(axes: Axes, x: int | float, y: int | float, words: str, **style: str) -> None:
    axes.text(x, y, words, ha="center", va="center", fontsize=7, **style)


def _chip(axes: Axes, kind: Kind, at: tuple[float, float], away: tuple[float, float]) -> None:
    axes.annotate(
        kind.letter, at, away, xycoords="axes fraction", textcoords="offset points",
        ha="center", va="center", color=kind.ink, fontsize=9, fontweight="bold",
        bbox={"facecolor": kind.colour, "edgecolor": "none", "pad": 2.5},
    )  # fmt: skip


def _told(maps: Mapping[str, Tensor], rows: str, columns: str, sums: bool) -> str:
    sizes = "; ".join(f"{title}, {m.shape[0]} by {m.shape[1]}" for title, m in maps.items())
    edges = " Sums of rows stand at the right, of columns below." if sums else ""
    return (
        f"Heat-maps, a row for each of the {rows}, a column for each of the {columns}: "
        f"{sizes}.{edges}"
    )
