"""The same look at several pictures, to see whether it stays in place or follows what it seeks."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .attention import READ
from .images import as_shown
from .picture import INK, Picture


@checked
def draw_gaze(
    images: Float[Tensor, "images colours height width"],
    maps: Float[Tensor, "images maps height width"],
    titles: Sequence[str],
) -> Picture:
    """A column for each picture: the picture itself, then each map over it, dimmed, in orange.

    Args:
        images: what was read.
        maps: attention weights over the pixels of each; shown from zero to the largest of each.
        titles: one for each map.
    """
    lines = 1 + maps.shape[1]
    figure = Figure(figsize=(0.9 + 1.3 * len(images), 1.3 * lines), layout="constrained")
    grid = figure.subplots(lines, len(images), squeeze=False)
    for column, image, looks in zip(grid.T, images, maps, strict=True):
        grey = image.mean(0).numpy()
        column[0].imshow(as_shown(image), cmap="gray", interpolation="nearest")
        for axes, weights in zip(column[1:], looks, strict=True):
            axes.imshow(grey, cmap="gray", vmax=2 * grey.max() - grey.min())
            opacity = (weights / weights.max()).numpy()
            axes.imshow(np.ones_like(grey), cmap=READ, alpha=opacity, interpolation="nearest")
    style = {"ha": "right", "va": "center", "fontsize": 9, "color": INK}
    for row, title in zip(grid, ("what is read", *titles), strict=True):
        row[0].text(-0.08, 0.5, title, transform=row[0].transAxes, **style)
    for axes in grid.flat:
        axes.set_axis_off()
    size = f"{images.shape[-2]} by {images.shape[-1]} pixels"
    alt = f"{len(images)} pictures of {size}, and where attention goes: {', '.join(titles)}."
    return Picture(figure, alt)
