"""Several modalities in one array, and what one modality costs another."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from ...kit.axes import AXES, PARTS
from ...kit.charts import LEVEL
from ...kit.picture import INK, Picture, arrow, box, legend_below, panels, title_above, write

THIN, THICK, GAP = 0.5, 2.0, 0.18


def draw_modalities(
    rows: Mapping[str, range], widths: Mapping[str, tuple[int, int, int]], mark: int | None = None
) -> Picture:
    """One array of several modalities: whose rows they are, and what their channels hold.

    Channels are to scale. Rows are not, as one of them would be too thin to be seen:
    the modality with the most rows is drawn thicker than the others.

    Args:
        rows: modality -> its rows of the array, in the array's order.
        widths: modality -> channels of what is there, of where it is, and of padding.
        mark: a row to point at.
    """
    figure, ((axes,),) = panels(1, 1, 9.0, 3.3)
    across = sum(next(iter(widths.values())))
    most = max(rows, key=lambda name: len(rows[name]))
    top, told, marked = 0.0, [], ""
    for name, some in rows.items():
        height = THICK if name == most else THIN
        _band(axes, name, some, widths[name], top - height, height, across)
        if mark in some:
            y = top - height * ((mark - some.start) / len(some))
            arrow(axes, (1.09 * across, y), (1.005 * across, y))
            write(axes, 1.1 * across, y, f"row {mark:,}", 9)
            marked = f" Row {mark:,} is {name}."
        top -= height + GAP
        parts = ", ".join(f"{n} {part}" for n, part in zip(widths[name], PARTS, strict=True) if n)
        told.append(f"{name}, rows {some.start:,} to {some.stop - 1:,}: {parts}")
    last = next(reversed(rows.values())).stop
    title = f"the input array: {last:,} rows of {across} channels"
    title_above(axes, title, 10)
    axes.set(xlim=(-0.32 * across, 1.25 * across), ylim=(top, 0.1))
    legend_below(figure, [Patch(label=part, edgecolor=INK, **look) for part, look in PARTS.items()])
    return Picture(figure, f"{title.capitalize()}. {'; '.join(told)}.{marked}")


def _band(axes: Axes, name: str, rows: range, widths: tuple, low: float, height: float, across):
    left, y = 0, low + height / 2
    for width, look in zip(widths, PARTS.values(), strict=True):
        if width:
            box(axes, left, low, width, height, edgecolor=INK, linewidth=0.8, **look)
            is_wide = width > 12
            x = left + width / 2 if is_wide else left + width + 0.008 * across
            align = "center" if is_wide else "left"
            write(axes, x, y, str(width), 9, ha=align, ground="white", zorder=3)
        left += width
    span = f"row {rows.start:,}" if len(rows) == 1 else f"rows {rows.start:,} to {rows.stop - 1:,}"
    write(axes, -0.015 * across, y, f"{name}\n{span}", 9, ha="right")


def draw_tradeoff(
    points: Mapping[str, tuple[float, float]],
    levels: Mapping[str, float],
    axes_named: tuple[str, str],
) -> Picture:
    """What is won on one axis and lost on the other, one dot for each choice.

    Args:
        points: choice -> (how far to the right, how far up).
        levels: name -> a value of the first axis to compare with, a dashed line.
        axes_named: what the two axes show.
    """
    figure, ((axes,),) = panels(1, 1, 6.6, 3.4, has_frames=True)
    across, up = zip(*points.values(), strict=True)
    axes.plot(across, up, color=AXES["latents"].colour, marker="o", linewidth=1.2)
    for number, (name, place) in enumerate(points.items()):
        away, align = ((0, -9), "top") if number % 2 == 0 else ((0, 9), "bottom")
        style = {"ha": "center", "va": align, "fontsize": 9, "color": INK}
        style["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
        axes.annotate(name, place, away, textcoords="offset points", **style)
    for name, value in levels.items():
        axes.axvline(value, **LEVEL)
        below = {"transform": axes.get_xaxis_transform(), "va": "bottom"}
        write(axes, value, 0.02, f" {name}", **below)
    axes.set(xlabel=axes_named[0], ylabel=axes_named[1])
    axes.margins(x=0.15, y=0.22)
    listed = "; ".join(f"{name}: {x:.1f}, {y:.2f}" for name, (x, y) in points.items())
    compared = "".join(f" {name.capitalize()} at {value:.1f}." for name, value in levels.items())
    return Picture(figure, f"{axes_named[0]} against {axes_named[1]}. {listed}.{compared}")
