"""What a shape says about memory."""

from collections.abc import Mapping

from jaxtyping import Shaped
from matplotlib.axes import Axes
from torch import Tensor

from ...kit.cells import TINTS
from ...kit.picture import Picture, middle, panels, title_above


def draw_strides(tensors: Mapping[str, Shaped[Tensor, "_ _"]]) -> Picture:
    """How tensors of two axes walk over memory: each row a track, a dot for each cell it visits.

    The number on a dot is the column. Rows that lie in memory as they are read follow one
    another; a stride of 0 visits one cell again and again.

    Args:
        tensors: title -> tensor; shape and strides are written beside the title.
    """
    heights = [2 + len(tensor) for tensor in tensors.values()]
    shares = {"height_ratios": heights, "sharex": True}
    size = 9.0, 0.5 + 0.24 * sum(heights)
    figure, grid = panels(len(tensors), 1, *size, has_frames=True, **shares)
    told = {title: f"shape {tuple(t.shape)}, strides {t.stride()}" for title, t in tensors.items()}
    for axes, (title, tensor) in zip(grid[:, 0], tensors.items(), strict=True):
        _tracks(axes, tensor)
        title_above(axes, f"{title}: {told[title]}", loc="left")
    grid[-1, 0].set_xlabel("cell in memory", fontsize=9)
    listed = "; ".join(f"{title}, {words}" for title, words in told.items())
    return Picture(figure, f"Walks over memory, one track for each row: {listed}.")


def _tracks(axes: Axes, tensor: Tensor) -> None:
    down, right = tensor.stride()
    for row in range(len(tensor)):
        start = tensor.storage_offset() + row * down
        cells = [start + column * right for column in range(tensor.shape[1])]
        tint = TINTS[row % len(TINTS)]
        axes.plot(cells, [row] * len(cells), color="#999999", linewidth=1, zorder=1)
        axes.scatter(cells, [row] * len(cells), s=110, color=tint, zorder=2)
        for column, cell in enumerate(cells):
            middle(axes, cell, row, str(column), 7)
    axes.set(ylim=(len(tensor) - 0.4, -0.6), yticks=range(len(tensor)))
    axes.set_ylabel("row", fontsize=8)
    axes.tick_params(labelsize=7, length=0)
    axes.spines["left"].set_visible(False)
