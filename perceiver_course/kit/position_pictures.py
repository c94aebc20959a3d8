"""What position codes look like: bands, slices, and how alike they are."""

from jaxtyping import Float
from torch import Tensor

from .axes import AXES
from .picture import INK, Picture, strip


def draw_bands(
    features: Float[Tensor, "cells channels"],
    index_dims: tuple[int, int],
    channels: tuple[int, ...],
) -> Picture:
    """Some channels of a position encoding, each as an image over its grid.

    Args:
        features: one row for each cell.
        index_dims: (rows, columns) of the grid.
        channels: which to show.
    """
    figure, row = strip(len(channels), width=1.5 * len(channels), height=1.8)
    for axes, channel in zip(row, channels, strict=True):
        band = features[:, channel].reshape(index_dims).numpy()
        axes.imshow(band, cmap="cividis", vmin=-1, vmax=1, interpolation="nearest")
        axes.set_title(f"channel {channel}", fontsize=9, color=INK)
    named = ", ".join(map(str, channels))
    size = f"{index_dims[0]} by {index_dims[1]}"
    return Picture(
        figure, f"Channels {named} of the position encoding over a grid of {size} cells."
    )


LOOK = {"cmap": "cividis", "vmin": -1, "vmax": 1, "interpolation": "nearest"}


STYLES = (
    {"color": AXES["inputs"].colour, "linestyle": "-", "linewidth": 1.2},
    {"color": AXES["latents"].colour, "linestyle": "--", "linewidth": 2.0},
)
