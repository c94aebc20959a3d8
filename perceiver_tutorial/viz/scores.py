"""Scores and weights of attention as heat-maps, their axes named by letter and colour."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from .axes import AXES, Kind
from .picture import INK, Picture, ink_on

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
