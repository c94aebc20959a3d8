"""What a shape says about memory, and target pictures at one scale."""

from collections.abc import Mapping

from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ...kit.cells import TINTS
from ...kit.picture import INK, Picture


def draw_strides(tensors: Mapping[str, Shaped[Tensor, "_ _"]]) -> Picture:
    """How tensors of two axes walk over memory: each row a track, a dot for each cell it visits.

    The number on a dot is the column. Rows that lie in memory as they are read follow one
    another; a stride of 0 visits one cell again and again.

    Args:
        tensors: title -> tensor; shape and strides are written beside the title.
    """
    heights = [2 + len(tensor) for tensor in tensors.values()]
    figure = Figure(figsize=(9.0, 0.5 + 0.24 * sum(heights)), layout="constrained")
    panels = figure.subplots(
        len(tensors), 1, squeeze=False, sharex=True, height_ratios=heights
    )[:, 0]  # fmt: skip
    told = {title: f"shape {tuple(t.shape)}, strides {t.stride()}" for title, t in tensors.items()}
    for axes, (title, tensor) in zip(panels, tensors.items(), strict=True):
        _tracks(axes, tensor)
        axes.set_title(f"{title}: {told[title]}", fontsize=9, color=INK, loc="left")
    panels[-1].set_xlabel("cell in memory", fontsize=9)
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
        middle = {"ha": "center", "va": "center", "fontsize": 7, "color": INK}
        for column, cell in enumerate(cells):
            axes.text(cell, row, str(column), **middle)
    axes.set(ylim=(len(tensor) - 0.4, -0.6), yticks=range(len(tensor)))
    axes.set_ylabel("row", fontsize=8)
    axes.tick_params(labelsize=7, length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


WIDEST, TALLEST, PIXEL = 9.4, 3.2, 0.06
TITLE = 0.45
GAP = 0.3


def draw_at_one_scale(images: Mapping[str, Float[Tensor, "_ _ _"]]) -> Picture:
    """Images [colours, height, width] of any sizes, drawn so that sizes can be compared.

    Args:
        images: title -> one or three colours from 0 to 1; its shape is written below the title.
    """
    tallest = max(image.shape[1] for image in images.values())
    widths = [image.shape[2] for image in images.values()]
    inches = min((WIDEST - GAP * len(widths)) / sum(widths), TALLEST / tallest, PIXEL)
    size = inches * sum(widths) + GAP * len(widths), inches * tallest + TITLE
    figure = Figure(figsize=size, layout="constrained")
    row = figure.subplots(1, len(images), squeeze=False, width_ratios=widths)[0]
    shapes = {title: ", ".join(map(str, image.shape)) for title, image in images.items()}
    for axes, (title, image) in zip(row, images.items(), strict=True):
        colours = image.detach().clamp(0, 1).movedim(0, -1).squeeze(-1).numpy()
        axes.imshow(colours, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_ylim(tallest - 0.5, -0.5)
        axes.set_axis_off()
        axes.set_title(f"{title}\n{shapes[title]}", fontsize=9, color=INK)
    listed = "; ".join(f"{title}, {shape}" for title, shape in shapes.items())
    return Picture(figure, f"Images at one scale: {listed}.")
