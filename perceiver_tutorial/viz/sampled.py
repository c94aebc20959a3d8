"""Waves, and the few places at which a grid looks at them."""

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture, open_frame

STYLES = (
    {"color": AXES["inputs"].colour, "linestyle": "-", "linewidth": 1.2},
    {"color": AXES["latents"].colour, "linestyle": "--", "linewidth": 2.0},
)


@checked
def draw_sampled(
    waves: Mapping[str, Callable[[Tensor], Tensor]], cells: Float[Tensor, " cells"], title: str
) -> Picture:
    """One or two waves as lines, and dots where the cells of a grid stand on the first.

    Args:
        waves: name -> function of the coordinate.
        cells: coordinates of the cells.
        title: above the waves.
    """
    figure = Figure(figsize=(8.0, 2.3), layout="constrained")
    axes = figure.add_subplot()
    x = torch.linspace(float(cells.min()), float(cells.max()), 1001)
    for (name, wave), style in zip(waves.items(), STYLES, strict=False):
        axes.plot(x.numpy(), wave(x).numpy(), label=name, **style)
    first = next(iter(waves.values()))
    axes.plot(cells.numpy(), first(cells).numpy(), "o", color=INK, markersize=5, label="cells")
    axes.set_title(title, fontsize=10, color=INK)
    axes.set(xlabel="coordinate", ylim=(-1.25, 1.25))
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    open_frame(axes)
    return Picture(figure, f"{title}: {' and '.join(waves)}, seen at {len(cells)} cells.")
