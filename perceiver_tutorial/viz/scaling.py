"""How something grows: measured points and the line of a formula, on two logarithmic axes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from ..doors import checked
from .axes import AXES, Kind
from .picture import INK, Picture, open_frame

MARKERS = "os^D"
# Per cent below which a bar is too short for its number.
ROOM = 4


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


@checked
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


@checked
def draw_shares(
    parts: Mapping[str, Mapping[str, int]], kinds: Mapping[str, str], title: str
) -> Picture:
    """What a whole is made of: one bar of a hundred per cent for each whole.

    Args:
        parts: name of the whole -> name of each part -> how much.
        kinds: name of a part -> one of `AXES`, for its colour and letter.
        title: above the bars.
    """
    figure = Figure(figsize=(7.5, 0.42 * len(parts) + 1.0), layout="constrained")
    axes = figure.add_subplot()
    shares = {name: _per_cent(amounts) for name, amounts in parts.items()}
    for row, of_whole in enumerate(shares.values()):
        _stack(axes, row, of_whole, {part: AXES[kind] for part, kind in kinds.items()})
    axes.set_yticks(range(len(parts)), list(parts), fontsize=8)
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel="per cent")
    axes.set_title(title, fontsize=10, color=INK)
    figure.legend(
        handles=[Patch(color=AXES[kind].colour, label=part) for part, kind in kinds.items()],
        **{"frameon": False, "fontsize": 8, "loc": "outside lower center", "ncols": len(kinds)},
    )
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    told = (
        f"{name}: {', '.join(f'{part} {share:.0f}' for part, share in of_whole.items())}"
        for name, of_whole in shares.items()
    )
    return Picture(figure, f"Bars, {title}, per cent. {'; '.join(told)}.")


def _per_cent(amounts: Mapping[str, int]) -> dict[str, float]:
    whole = sum(amounts.values())
    return {part: 100 * amount / whole for part, amount in amounts.items()}


def _stack(axes: Axes, row: int, shares: Mapping[str, float], kinds: Mapping[str, Kind]) -> None:
    left = 0.0
    for part, share in shares.items():
        kind = kinds[part]
        axes.barh(row, share, left=left, color=kind.colour, edgecolor="white")
        if share >= ROOM:
            words = {"ha": "center", "va": "center", "fontsize": 8, "color": kind.ink}
            axes.text(left + share / 2, row, f"{kind.letter} {share:.0f}", **words)
        left += share
