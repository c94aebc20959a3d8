"""Time series with gaps, and how somebody filled them."""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture, open_frame

# Told apart by colour, and in grey by the kind of line.
LOOKS = (
    {"color": AXES["height"].colour, "linestyle": "-", "linewidth": 1.8},
    {"color": AXES["latents"].colour, "linestyle": ":", "linewidth": 1.8},
)


@checked
def draw_series(
    measured: Float[Tensor, "series days"],
    true: Float[Tensor, "series days"] | None = None,
    filled: Mapping[str, Float[Tensor, "series days"]] | None = None,
    titles: Sequence[str] = (),
) -> Picture:
    """What was measured as dots, what is true as a grey band, and up to two ways to fill the gaps.

    Args:
        measured: NaN in the gaps.
        true: the whole curves.
        filled: who fills -> the whole curves.
        titles: one for each series.
    """
    filled = filled or {}
    count = len(measured)
    figure = Figure(figsize=(9.4, 2.5), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    for number, axes in enumerate(panels):
        if true is not None:
            axes.plot(true[number], color="#CCCCCC", linewidth=5, label="truth")
        for (name, values), look in zip(filled.items(), LOOKS, strict=False):
            axes.plot(values[number], label=name, **look)
        axes.plot(measured[number], "o", color=INK, markersize=4.5, label="measured")
        _label(axes, titles[number] if titles else "")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    known = int(measured[0].isfinite().sum())
    shown = ", ".join([*(["the truth"] if true is not None else []), *filled])
    return Picture(
        figure,
        f"{count} series of {measured.shape[1]} days, {known} of them measured"
        f"{f'; between the dots: {shown}' if shown else ''}.",
    )


def _label(axes: Axes, title: str) -> None:
    axes.set_xlabel("day", fontsize=9)
    axes.set_title(title, fontsize=10, color=INK)
    axes.tick_params(labelsize=8)
    open_frame(axes)
