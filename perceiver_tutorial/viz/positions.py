"""What Fourier positions look like: bands as images, and how alike two places are."""

from jaxtyping import Float
from torch import Tensor

from ..doors import checked
from .likeness import cosine_similarity
from .picture import INK, Picture, strip


@checked
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


@checked
def draw_similarity(
    features: Float[Tensor, "cells channels"], index_dims: tuple[int, int], cell: tuple[int, int]
) -> Picture:
    """How alike one place and all others are written: the cosine of their rows.

    Args:
        features: one row for each cell.
        index_dims: (rows, columns) of the grid.
        cell: (row, column) of the place to compare with.
    """
    here = features[cell[0] * index_dims[1] + cell[1]]
    similarity = cosine_similarity(features, here[None]).reshape(index_dims).numpy()
    figure, (axes,) = strip(1, width=3.2, height=2.8)
    shown = axes.imshow(similarity, cmap="cividis", vmin=-1, vmax=1, interpolation="nearest")
    axes.plot(cell[1], cell[0], marker="+", color="white", markersize=10)
    axes.set_title(f"likeness to row {cell[0]}, column {cell[1]}", fontsize=9, color=INK)
    figure.colorbar(shown, ax=axes, shrink=0.8)
    alt = (
        f"Cosine between the position of row {cell[0]}, column {cell[1]} and every other of "
        f"{index_dims[0]} by {index_dims[1]} cells: high close by, and along its row and column."
    )
    return Picture(figure, alt)
