"""Functions and coordinates on a line."""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture, open_frame

COLOURS = tuple(AXES[name].colour for name in ("inputs", "latents", "queries", "classes"))
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")


@checked
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


@checked
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
