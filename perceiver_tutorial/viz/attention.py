"""Attention drawn back on the picture that was read."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.colors import ListedColormap
from torch import Tensor

from ..doors import checked
from .axes import AXES
from .images import as_shown
from .picture import INK, Picture, strip

READ = ListedColormap([AXES["inputs"].colour])


@checked
def draw_attention(
    image: Float[Tensor, "colours height width"],
    maps: Float[Tensor, "maps height width"],
    titles: Sequence[str],
    asking: Sequence[tuple[int, int]] = (),
) -> Picture:
    """The picture, then each map over it, dimmed: the more a pixel is read, the more orange.

    Every map is shown from zero to its own largest weight, so that maps of very
    different sharpness can be compared by their shape.

    Args:
        image: what was read; one or three colours.
        maps: attention weights over its pixels.
        titles: one for each map.
        asking: (row, column) of the pixel that asks in each map, ringed in white.
    """
    grey = image.mean(0).numpy()
    height = 1.6 * grey.shape[0] / grey.shape[1] + 0.3
    figure, row = strip(1 + len(maps), min(9.5, 1.6 * (1 + len(maps))), height)
    row[0].imshow(as_shown(image), cmap="gray", interpolation="nearest")
    row[0].set_title("what is read", fontsize=9, color=INK)
    for axes, weights, title in zip(row[1:], maps, titles, strict=True):
        axes.imshow(grey, cmap="gray", vmax=2 * grey.max(), interpolation="nearest")
        opacity = (weights / weights.max()).numpy()
        axes.imshow(np.full_like(grey, 1), cmap=READ, alpha=opacity, interpolation="nearest")
        axes.set_title(title, fontsize=9, color=INK)
    for axes, (y, x) in zip(row[1:], asking, strict=False):
        axes.plot(x, y, "o", markersize=13, markerfacecolor="none", markeredgecolor="white")
    alt = (
        f"An image of {grey.shape[0]} by {grey.shape[1]} pixels, and over it where attention "
        f"goes: {', '.join(titles)}."
    )
    return Picture(figure, alt)
