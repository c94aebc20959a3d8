"""What an optical flow model sees: a pixel's neighbourhoods, and the tiles of a photograph."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from .fields import DASHES, LINES
from .picture import INK, Picture


def draw_neighbourhoods(
    frames: Float[Tensor, "frames=2 3 height width"],
    numbers: Float[Tensor, " neighbourhood=54"],
    pixel: tuple[int, int],
) -> Picture:
    """One pixel in two frames: its 3 x 3 neighbours, and the row of numbers they become.

    Args:
        frames: colours from -1 to 1.
        numbers: what the model is given about the pixel.
        pixel: (row, column).
    """
    figure = Figure(figsize=(8.4, 3.2), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(3, 1))
    row, column = pixel
    panels = top.subplots(1, 4, width_ratios=(1.5, 1, 1.5, 1))
    for frame, title, both in zip(
        frames, ("earlier", "later"), (panels[:2], panels[2:]), strict=True
    ):
        _neighbourhood(list(both), (frame.clamp(-1, 1).movedim(0, -1).numpy() + 1) / 2, pixel)
        both[0].set_title(title, fontsize=9, color=INK)
    strip = bottom.subplots()
    strip.imshow(numbers[None].numpy(), cmap="gray", vmin=-1, vmax=1, aspect="auto")
    strip.axvline(26.5, color=LINES[4], linewidth=2)
    strip.set(yticks=[], xticks=[0, 12, 14, 27, 39, 41, 53])
    strip.tick_params(labelsize=8)
    title = "its 54 numbers: 27 of the earlier frame, 27 of the later"
    strip.set_title(title, fontsize=9, color=INK)
    alt = (
        f"Row {row}, column {column} of two frames, its 3 by 3 neighbours in both, and the 54 "
        f"numbers they become, from {numbers.min():.2f} to {numbers.max():.2f}."
    )
    return Picture(figure, alt)


def draw_tiles(
    size: tuple[int, int],
    tile: tuple[int, int],
    corners: Sequence[tuple[int, int]],
    weights: Float[Tensor, "tile_height tile_width"],
) -> Picture:
    """Where tiles lie on a photograph, and how much each pixel of a tile counts.

    Args:
        size: (height, width) of the photograph.
        tile: (height, width) of a tile.
        corners: (y, x) of each tile, row by row.
        weights: the same for every tile.
    """
    figure = Figure(figsize=(8.4, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(size[1] / size[0], tile[1] / tile[0]))
    left.add_patch(Rectangle((0, 0), size[1], size[0], facecolor="#EEEEEE", edgecolor=INK))
    for number, corner in enumerate(corners):
        _tile(left, number, corner, tile, size)
    margin = 0.02 * size[1]
    left.set(xlim=(-margin, size[1] + margin), ylim=(size[0] + margin, -margin), aspect="equal")
    left.set_axis_off()
    left.set_title(f"{len(corners)} tiles on {size[0]} x {size[1]} pixels", fontsize=9, color=INK)
    shown = right.imshow(weights.numpy(), cmap="cividis", vmin=0)
    right.set_axis_off()
    right.set_title(f"what a pixel of a tile counts, {tile[0]} x {tile[1]}", fontsize=9, color=INK)
    figure.colorbar(shown, ax=right, shrink=0.8).ax.tick_params(labelsize=8)
    listed = ", ".join(f"({y}, {x})" for y, x in corners)
    alt = (
        f"{len(corners)} tiles of {tile[0]} by {tile[1]} on {size[0]} by {size[1]} pixels, from "
        f"row and column {listed}; a tile's pixels count from {weights.min():.0f} at the border to "
        f"{weights.max():.0f} in the middle."
    )
    return Picture(figure, alt)


def _neighbourhood(panels: Sequence[Axes], frame: np.ndarray, pixel: tuple[int, int]) -> None:
    """A frame with a box around a pixel's neighbours, and what is in the box."""
    (whole, near), (row, column) = panels, pixel
    whole.imshow(frame, interpolation="nearest")
    box = Rectangle((column - 1.5, row - 1.5), 3, 3, fill=False, edgecolor=LINES[4], linewidth=2)
    whole.add_patch(box)
    whole.set_axis_off()
    padded = np.pad(frame, ((1, 1), (1, 1), (0, 0)), constant_values=0.5)
    near.imshow(padded[row : row + 3, column : column + 3], interpolation="nearest")
    near.set(xticks=[], yticks=[])
    near.set_title("3 x 3", fontsize=9, color=INK)


def _tile(axes: Axes, number: int, corner: tuple, tile: tuple, size: tuple) -> None:
    """An outline, drawn a little inside, so that outlines of neighbours stay apart."""
    inset = (0.004 + 0.006 * (number % 3)) * size[1]
    (y, x), (height, width) = corner, tile
    look = {"edgecolor": LINES[number % 5], "linestyle": DASHES[number % 5], "linewidth": 2}
    axes.add_patch(
        Rectangle((x + inset, y + inset), width - 2 * inset, height - 2 * inset, fill=False, **look)
    )
    place = (x + width / 2, y + height * (0.35 if y == 0 else 0.65))
    ground = {"facecolor": "white", "edgecolor": LINES[number % 5], "pad": 2}
    axes.text(*place, str(number), ha="center", va="center", fontsize=11, color=INK, bbox=ground)
