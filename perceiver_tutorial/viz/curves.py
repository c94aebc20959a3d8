"""How training went, and how numbers compare."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture, open_frame


@checked
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


@checked
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
