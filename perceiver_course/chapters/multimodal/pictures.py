"""Several modalities in one array, films, and what one modality costs another."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from torch import Tensor

from ...kit.axes import AXES, PARTS
from ...kit.picture import INK, Picture, arrow, blank, open_frame
from ...kit.sound import cycles

STYLES = (
    {"color": "#BBBBBB", "linewidth": 3.5},
    {"color": AXES["latents"].colour, "linewidth": 1.3},
    {"color": AXES["height"].colour, "linewidth": 1.3, "linestyle": "--"},
)

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
    figure, axes = blank(9.0, 3.3)
    across = sum(next(iter(widths.values())))
    most = max(rows, key=lambda name: len(rows[name]))
    top, told = 0.0, []
    for name, some in rows.items():
        height = THICK if name == most else THIN
        _band(axes, name, some, widths[name], top - height, height, across)
        if mark in some:
            y = top - height * ((mark - some.start) / len(some))
            arrow(axes, (1.09 * across, y), (1.005 * across, y))
            axes.text(1.1 * across, y, f"row {mark:,}", va="center", fontsize=9, color=INK)
        top -= height + GAP
        parts = ", ".join(f"{n} {part}" for n, part in zip(widths[name], PARTS, strict=True) if n)
        told.append(f"{name}, rows {some.start:,} to {some.stop - 1:,}: {parts}")
    last = next(reversed(rows.values())).stop
    title = f"the input array: {last:,} rows of {across} channels"
    axes.set_title(title, fontsize=10, color=INK)
    axes.set(xlim=(-0.32 * across, 1.25 * across), ylim=(top, 0.1))
    handles = [Patch(label=part, edgecolor=INK, **look) for part, look in PARTS.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    marked = "" if mark is None else f" Row {mark:,} is {_owner(rows, mark)}."
    return Picture(figure, f"{title.capitalize()}. {'; '.join(told)}.{marked}")


def _band(axes: Axes, name: str, rows: range, widths: tuple, low: float, height: float, across):
    left, middle = 0, low + height / 2
    for width, look in zip(widths, PARTS.values(), strict=True):
        if not width:
            continue
        axes.add_patch(Rectangle((left, low), width, height, edgecolor=INK, linewidth=0.8, **look))
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        words = {"va": "center", "fontsize": 9, "color": INK, "bbox": box, "zorder": 3}
        if width > 12:
            axes.text(left + width / 2, middle, str(width), ha="center", **words)
        else:
            axes.text(left + width + 0.008 * across, middle, str(width), **words)
        left += width
    span = f"row {rows.start:,}" if len(rows) == 1 else f"rows {rows.start:,} to {rows.stop - 1:,}"
    where = {"ha": "right", "va": "center", "fontsize": 9, "color": INK}
    axes.text(-0.015 * across, middle, f"{name}\n{span}", **where)


def _owner(rows: Mapping[str, range], row: int) -> str:
    return next((name for name, some in rows.items() if row in some), "nobody's")


def draw_film(strips: Mapping[str, Float[Tensor, "_ 3 height width"]]) -> Picture:
    """Films, frame by frame from left to right, one under the other.

    Args:
        strips: title -> frames, colours from 0 to 1; what lies outside is cut off. A
            film with fewer frames has its frames where they belong in time.
    """
    longest = max(len(frames) for frames in strips.values())
    width = 9.2
    figure = Figure(figsize=(width, 0.98 * width / (longest + 1.5) * len(strips)))
    left = 0.15
    for row, (title, frames) in enumerate(strips.items()):
        step = longest // len(frames)
        cell, tall = (1 - left) / longest, 1 / len(strips)
        for number, frame in enumerate(frames):
            x, y = left + step * number * cell, 1 - (row + 1) * tall
            axes = figure.add_axes((x, y, 0.96 * cell, 0.96 * tall))
            axes.imshow(frame.detach().clamp(0, 1).movedim(0, -1).numpy(), interpolation="nearest")
            axes.set_axis_off()
        middle = 1 - (row + 0.52) * tall
        figure.text(left - 0.01, middle, title, ha="right", va="center", fontsize=9, color=INK)
    told = "; ".join(f"{title}, {len(frames)} frames" for title, frames in strips.items())
    return Picture(figure, f"Films, frame by frame: {told}.")


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
    figure = Figure(figsize=(6.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    across, up = zip(*points.values(), strict=True)
    axes.plot(across, up, color=AXES["latents"].colour, marker="o", linewidth=1.2)
    for number, (name, place) in enumerate(points.items()):
        below = number % 2 == 0
        style = {"ha": "center", "va": "top" if below else "bottom", "fontsize": 9, "color": INK}
        style["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
        axes.annotate(name, place, (0, -9 if below else 9), textcoords="offset points", **style)
    for name, value in levels.items():
        axes.axvline(value, color=INK, linewidth=1, linestyle="--")
        axes.annotate(
            name,
            (value, 0.02),
            (4, 0),
            textcoords="offset points",
            fontsize=8,
            xycoords=axes.get_xaxis_transform(),
            va="bottom",
        )
    axes.set(xlabel=axes_named[0], ylabel=axes_named[1])
    axes.margins(x=0.15, y=0.22)
    open_frame(axes)
    listed = "; ".join(f"{name}: {x:.1f}, {y:.2f}" for name, (x, y) in points.items())
    compared = "".join(f" {name.capitalize()} at {value:.1f}." for name, value in levels.items())
    return Picture(figure, f"{axes_named[0]} against {axes_named[1]}. {listed}.{compared}")


def draw_sounds(panels: Mapping[str, Mapping[str, Float[Tensor, " samples"]]]) -> Picture:
    """Waves of sounds: in each panel up to three, the first broad and grey, the others on it.

    Args:
        panels: title of a panel -> name of a sound -> its samples, from -1 to 1.
    """
    figure = Figure(figsize=(9.0, 1.5 * len(panels) + 0.4), layout="constrained")
    column = figure.subplots(len(panels), 1, squeeze=False, sharex=True)[:, 0]
    told = []
    for axes, (title, sounds) in zip(column, panels.items(), strict=True):
        for (name, samples), style in zip(sounds.items(), STYLES, strict=False):
            axes.plot(samples.numpy(), label=name, **style)
        axes.set(ylim=(-1.15, 1.15), yticks=[-1, 0, 1])
        axes.set_title(title, fontsize=9, color=INK, loc="left")
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        open_frame(axes)
        swings = (f"{name} swings {cycles(one)} times" for name, one in sounds.items())
        told.append(f"{title}: {', '.join(swings)}")
    column[-1].set_xlabel("sample", fontsize=9)
    return Picture(figure, f"Waves of sounds. {'; '.join(told)}.")
