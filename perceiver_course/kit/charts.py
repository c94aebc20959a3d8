"""Lines, bars, dots and tables of numbers: the charts that all chapters share."""

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, stdev

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import FuncFormatter, MaxNLocator
from torch import Tensor

from .axes import AXES, Kind
from .picture import (
    INK,
    Number,
    Picture,
    frame,
    ink_on,
    legend_below,
    middle,
    panels,
    show,
    title_above,
    write,
)

COLOURS = tuple(AXES[name].colour for name in ("inputs", "latents", "queries", "classes"))
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")
# Frames on images, told apart by colour and by line.
FRAMES = tuple(
    {"edgecolor": colour, "linestyle": dash, "linewidth": 2}
    for colour, dash in zip(
        ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00"), (*DASHES, "-"), strict=True
    )
)
LEVEL = {"color": INK, "linewidth": 1, "linestyle": "--"}
LOOKS = {
    "truth": {"color": "#CCCCCC", "linewidth": 4, "linestyle": "-", "marker": ""},
    "formula": {"color": "#555555", "linewidth": 1, "linestyle": "--", "marker": ""},
    "dots": {"color": INK, "linestyle": "", "marker": "o", "zorder": 3},
}
MOST_MARKED = 24
Values = Sequence[Number] | Float[Tensor, " points"]
Curves = Mapping[str, Values]


def draw_lines(
    curves_of: Mapping[str, Curves],
    x: Values | None = None,
    labels: tuple[str, str] = ("", ""),
    *,
    looks: Mapping[str, str] | None = None,
    levels: Mapping[str, Number] | None = None,
    marks: Mapping[str, Number] | None = None,
    is_stacked: bool = False,
) -> Picture:
    """Curves over one axis, in one panel or several beside each other.

    Few points are marked. Where every x is at least twice the one before, they are drawn evenly,
    and so are multiples of y if it grows more than fiftyfold.

    Args:
        curves_of: title of a panel -> name of a curve -> its values; NaN is a gap.
        x: what the values belong to. Default: 0, 1, 2, ...
        labels: what runs to the right, and what upwards.
        looks: name of a curve -> "truth", a broad grey line, "formula", a thin one, or "dots".
        levels: name -> a height to compare with.
        marks: name -> a place along x.
        is_stacked: whether panels stand below one another.
    """
    count, are_alike = len(curves_of), len({tuple(curves) for curves in curves_of.values()}) == 1
    x = np.arange(len(next(iter(next(iter(curves_of.values())).values())))) if x is None else x
    x = np.asarray(x)
    if is_stacked:
        figure, grid = panels(count, 1, 9.0, 0.4 + 1.5 * count, has_frames=True, sharex=True)
    else:
        width = 6.4 if count == 1 else min(9.4, 3.6 * count)
        figure, grid = panels(1, count, width, 2.8, has_frames=True)
    for axes, (name, curves) in zip(grid.flat, curves_of.items(), strict=True):
        _lines(axes, x, curves, looks or {})
        title_above(axes, name)
        for label, level in (levels or {}).items():
            axes.axhline(level, **LEVEL)
            place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "bottom"}
            write(axes, 1, level, label, **place)
        for label, place in (marks or {}).items():
            axes.axvline(place, **LEVEL)
            write(axes, place, 0.97, f" {label}", transform=axes.get_xaxis_transform(), va="top")
        if is_stacked:
            beside = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
            axes.legend(frameon=False, fontsize=8, **beside)
        elif not are_alike and len(curves) > 1:
            axes.legend(frameon=False, fontsize=8)
    if are_alike and not is_stacked and (len(curves) > 1 or looks):
        legend_below(figure, axes.get_legend_handles_labels()[0], 8)
    for axes in grid[:, 0]:
        axes.set_ylabel(labels[1], fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel(labels[0], fontsize=9)
    told = "; ".join(
        ", ".join(filter(None, (name, *_told(curves, x)))) for name, curves in curves_of.items()
    )
    marked = "".join(f" {name} {n:.4g}." for name, n in {**(levels or {}), **(marks or {})}.items())
    over = f" over {labels[0]}" if labels[0] else ""
    return Picture(figure, f"Lines{over}, {x[0]:.4g} to {x[-1]:.4g}: {told}.{marked}")


def _told(curves: Curves, x: np.ndarray) -> Iterator[str]:
    """From where to where each curve goes; on a logarithmic scale also how it grows in the end."""
    is_steep = _is_steep(curves, x)
    for name, values in curves.items():
        known = np.asarray(values, dtype=float)
        known = known[np.isfinite(known)]
        told = f"{name} from {known[0]:.4g} to {known[-1]:.4g}"
        if is_steep:
            growth = (known[-1] / known[-2]) ** (1 / math.log2(x[-1] / x[-2]))
            told += f", at the end {growth:.1f} times as much for twice as many"
        yield told


def _is_doubled(x: np.ndarray) -> bool:
    return len(x) > 1 and bool(x[0] > 0) and bool((x[1:] >= 2 * x[:-1]).all())


def _is_steep(curves: Curves, x: np.ndarray) -> bool:
    if not _is_doubled(x):
        return False
    low, high = min(map(min, curves.values())), max(map(max, curves.values()))
    return bool(high > 50 * low > 0)


def _lines(axes: Axes, x: np.ndarray, curves: Curves, looks: Mapping[str, str]) -> None:
    number = 0
    for name, values in curves.items():
        if name in looks:
            look = LOOKS[looks[name]]
        else:
            look = {"color": COLOURS[number % 4], "linestyle": DASHES[number % 4]}
            look |= {"marker": MARKERS[number % 4] if len(x) <= MOST_MARKED else ""}
            number += 1
        axes.plot(x, np.asarray(values), label=name, markersize=5, **look)
    if _is_doubled(x):
        axes.set_xscale("log", base=2)
        axes.set_xticks(x, [f"{one:,}" for one in x.tolist()])
        axes.minorticks_off()
        if _is_steep(curves, x):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    elif x.dtype.kind == "i":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def draw_coordinates(axes_of: Mapping[str, Float[Tensor, " cells"]]) -> Picture:
    """The coordinates of several axes, one line for each.

    Args:
        axes_of: title -> coordinates of its cells, unitless.
    """
    count = len(axes_of)
    figure, ((axes,),) = panels(1, 1, 7.5, 0.5 + 0.45 * count, has_frames=True)
    for number, coordinates in enumerate(axes_of.values()):
        style = {"color": COLOURS[number % 4], "marker": MARKERS[number % 4], "markersize": 5}
        axes.plot(coordinates, [-number] * len(coordinates), linewidth=0.8, **style)
    axes.set_yticks([-number for number in range(count)], list(axes_of), fontsize=9, color=INK)
    axes.set(ylim=(0.5 - count, 0.5), xticks=[-1, -0.5, 0, 0.5, 1])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    told = (f"{t}, {len(c)} cells from {c[0]:.2f} to {c[-1]:.2f}" for t, c in axes_of.items())
    return Picture(figure, f"Coordinates on a line: {'; '.join(told)}.")


def draw_losses(
    losses: Sequence[float],
    title: str = "training loss",
    levels: Mapping[str, Number] | None = None,
) -> Picture:
    """The loss of every step, and its mean over the steps around.

    Args:
        losses: in the order of the steps.
        title: above the curve.
        levels: name -> loss to compare with, drawn as a dashed line.
    """
    figure, ((axes,),) = panels(1, 1, 5.5, 2.6, has_frames=True)
    window = max(1, len(losses) // 25)
    smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
    axes.plot(losses, color="#BBBBBB", linewidth=0.8, label="each step")
    places = np.arange(len(smooth)) + window / 2
    axes.plot(places, smooth, color=AXES["latents"].colour, label="mean")
    for label, level in (levels or {}).items():
        axes.axhline(level, **LEVEL)
        look = {"textcoords": "offset points", "fontsize": 8, "ha": "right"}
        axes.annotate(label, (len(losses), level), (0, -11), **look)
    axes.set(xlabel="step", ylabel="loss", ylim=(0, None))
    title_above(axes, title, 10)
    axes.legend(frameon=False, fontsize=8)
    told = ["it falls from left to right" if smooth[-1] < smooth[0] else "it does not fall"]
    for label, level in (levels or {}).items():
        told.append(f"it ends {'below' if smooth[-1] < level else 'above'} {label}")
    return Picture(figure, f"{title}, over {len(losses)} steps: {'; '.join(told)}.")


def draw_bars(values: Mapping[str, int | float], title: str, unit: str) -> Picture:
    """Named numbers as bars, longest possible labels, logarithmic if they differ a lot.

    Args:
        values: name -> number, from top to bottom.
        title: above the bars.
        unit: what the numbers count.
    """
    figure, ((axes,),) = panels(1, 1, 6.5, 0.6 + 0.36 * len(values), has_frames=True)
    names, numbers = list(values), list(values.values())
    bars = axes.barh(names, numbers, color=AXES["latents"].colour, height=0.6)
    axes.bar_label(bars, [f"{n:,.4g}" if n < 1000 else f"{n:,.0f}" for n in numbers], padding=4)
    is_wide = max(numbers) > 50 * min(numbers)
    axes.set_xscale("log" if is_wide else "linear")
    axes.invert_yaxis()
    axes.margins(x=0.2)
    title_above(axes, title, 10)
    axes.set_xlabel(f"{unit}, each step ten times more" if is_wide else unit)
    listed = ", ".join(f"{one} {number:,.4g}" for one, number in values.items())
    return Picture(figure, f"Bars, {title}, in {unit}: {listed}.")


def draw_seeds(
    scores: Mapping[str, Sequence[float]], xlabel: str, levels: Mapping[str, Number] | None = None
) -> Picture:
    """A line for each way to train: a dot for every seed, a bar for mean ± standard deviation.

    Args:
        scores: way -> one score for each of two or more seeds.
        xlabel: what the scores are.
        levels: name -> score to compare with, a dashed line.
    """
    figure, ((axes,),) = panels(1, 1, 7.4, 0.9 + 0.42 * len(scores), has_frames=True)
    told = []
    for row, (name, some) in enumerate(scores.items()):
        words = f"{mean(some):.3f} ± {stdev(some):.3f}"
        bar = {"color": AXES["latents"].colour, "linewidth": 2, "capsize": 5, "markersize": 16}
        axes.errorbar(mean(some), row, xerr=stdev(some), fmt="|", **bar)
        axes.plot(
            some, [row] * len(some), "o", color=AXES["inputs"].colour, markersize=5, alpha=0.8
        )
        write(axes, 1.01, row, words, 9, transform=axes.get_yaxis_transform())
        told.append(f"{name} {words}")
    for name, level in (levels or {}).items():
        axes.axvline(level, **LEVEL)
        write(axes, level, -0.5, f"{name} ", ha="right")
        told.append(f"{name} {level:.3f}, a dashed line")
    axes.set_yticks(range(len(scores)), list(scores), fontsize=9)
    axes.set_ylim(len(scores) - 0.4, -0.75)
    axes.set_xlabel(xlabel, fontsize=9)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.margins(x=0.08)
    count = len(next(iter(scores.values())))
    alt = f"{xlabel}, mean ± standard deviation of {count} seeds: {'; '.join(told)}."
    return Picture(figure, alt)


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
    figure, (row,) = panels(1, len(maps), max(inches * wide, 2.2), inches * tall + 0.5)
    for axes, (name, numbers) in zip(row, maps.items(), strict=True):
        numbers = numbers.detach()
        heat(axes, numbers, are_written=numbers.numel() <= FEW, aspect="equal")
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("#CCCCCC")
        if sums:
            _sums(axes, numbers)
        _chip(axes, AXES[rows], at=(0.0, 0.5), away=(-9.0, 0.0))
        _chip(axes, AXES[columns], at=(0.5, 0.0), away=(0.0, -27.0 if sums else -11.0))
        title_above(axes, name)
    sizes = "; ".join(f"{name}, {m.shape[0]} by {m.shape[1]}" for name, m in maps.items())
    edges = " Sums of rows stand at the right, of columns below." if sums else ""
    kinds = f"a row for each of the {rows}, a column for each of the {columns}"
    return Picture(figure, f"Heat-maps, {kinds}: {sizes}.{edges}")


def heat(
    axes: Axes, numbers: Tensor, *, are_written: bool = True, form: str = "",
    limits: tuple[Number, Number] | None = None, **look,
) -> None:  # fmt: skip
    """A table of numbers as colours, with the numbers in black or white, whichever can be read.

    Args:
        axes: where.
        numbers: [rows, columns].
        are_written: whether the numbers stand in the cells.
        form: of the numbers, as for `format`. Default: two decimals, none for whole numbers.
        limits: the lowest and the highest. Default: those of the table.
        look: matplotlib's words for images, e.g. cmap.
    """
    low, high = limits or (float(numbers.min()), float(numbers.max()))
    look = {"cmap": HEAT, "vmin": low, "vmax": max(high, low + 1e-9), "aspect": "auto", **look}
    shown = show(axes, numbers, **look)
    if are_written:
        for (y, x), value in np.ndenumerate(numbers.numpy()):
            ink = ink_on(shown.cmap(shown.norm(float(value))))
            middle(
                axes, x, y, _number(float(value), numbers, form), 7, color=ink, va="center_baseline"
            )


def _number(value: float, among: Tensor, form: str = "") -> str:
    """Two decimals, or none where all numbers are whole."""
    return format(value, form or (".0f" if bool((among == among.round()).all()) else ".2f"))


def _sums(axes: Axes, numbers: Tensor) -> None:
    height, width = numbers.shape
    for y, total in enumerate(numbers.sum(1).tolist()):
        middle(axes, width + 0.1, y, _number(total, numbers), 7, fontweight="bold")
    for x, total in enumerate(numbers.sum(0).tolist()):
        middle(axes, x, height - 0.1, _number(total, numbers), 7, fontweight="bold")


def _chip(axes: Axes, kind: Kind, at: tuple[float, float], away: tuple[float, float]) -> None:
    axes.annotate(
        kind.letter, at, away, xycoords="axes fraction", textcoords="offset points",
        ha="center", va="center", color=kind.ink, fontsize=9, fontweight="bold",
        bbox={"facecolor": kind.colour, "edgecolor": "none", "pad": 2.5},
    )  # fmt: skip


def draw_table(
    numbers: Float[Tensor, "rows columns"],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str,
    *,
    framed: Sequence[tuple[int, int]] = (),
) -> Picture:
    """A table of numbers, dark where they are high; some cells are framed.

    Args:
        numbers: any.
        rows: a name for each.
        columns: a name for each.
        title: what the numbers are.
        framed: (row, column) of the cells that are meant.
    """
    size = 1.6 + 0.9 * len(columns), 0.9 + 0.42 * len(rows)
    figure, ((axes,),) = panels(1, 1, *size, has_frames=True)
    heat(axes, numbers, form=".1f")
    for row, column in framed:
        frame(
            axes, column - 0.47, row - 0.45, 0.94, 0.9, edgecolor=AXES["height"].colour, linewidth=3
        )
    axes.set_xticks(range(len(columns)), columns, fontsize=9)
    axes.set_yticks(range(len(rows)), rows, fontsize=9)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    title_above(axes, title)
    chosen = framed or [(y, x) for y in range(len(rows)) for x in range(len(columns))]
    told = ", ".join(f"{rows[y]} and {columns[x]} {numbers[y, x]:.1f}" for y, x in chosen)
    return Picture(
        figure,
        f"{title}, a table of {len(rows)} by {len(columns)}{'; framed' if framed else ''}: {told}.",
    )
