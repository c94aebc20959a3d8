"""A hierarchy of tokens, fewer and wider from stage to stage, over the picture they stand for."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ...kit.axes import AXES
from ...kit.images import as_shown
from ...kit.picture import Picture, box, frame, panels, show, title_above


def draw_stages(
    image: Float[Tensor, "colours height width"],
    grids: Sequence[tuple[int, int]],
    channels: Sequence[int],
    units: tuple[int, int],
) -> Picture:
    """The picture as each stage divides it, one cell for each token, and the token's width below.

    Args:
        image: what is read.
        grids: (rows, columns) of tokens in each stage.
        channels: width of a token in each stage.
        units: (rows, columns) of mask units, outlined in white.
    """
    figure, (pictures, bars) = panels(2, len(grids), 9.4, 3.3, height_ratios=(5, 1))
    for number, (axes, grid) in enumerate(zip(pictures, grids, strict=True), 1):
        show(axes, as_shown(adaptive_avg_pool2d(image, grid)))
        rows, columns = grid[0] / units[0], grid[1] / units[1]
        for y, x in torch.cartesian_prod(*map(torch.arange, units)).tolist():
            corner = (x * columns - 0.5, y * rows - 0.5)
            frame(axes, *corner, columns, rows, edgecolor="white", linewidth=0.6)
        title_above(axes, f"stage {number}: {grid[0]} x {grid[1]} tokens")
    for axes, width in zip(bars, channels, strict=True):
        box(axes, 0, 0, width / max(channels), 1, facecolor=AXES["channels"].colour)
        axes.set(xlim=(0, 1), ylim=(0, 1.6))
        title_above(axes, f"{width} channels", y=-0.55)
    told = (
        f"{g[0]} by {g[1]} tokens of {c} channels" for g, c in zip(grids, channels, strict=True)
    )
    alt = f"A picture divided into tokens, stage by stage: {'; '.join(told)}."
    return Picture(figure, f"{alt} White lines: {units[0]} by {units[1]} mask units.")
