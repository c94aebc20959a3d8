"""A hierarchy of tokens, fewer and wider from stage to stage, over the picture they stand for."""

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ...kit.axes import AXES
from ...kit.images import as_shown
from ...kit.picture import INK, Picture

CHANNELS = AXES["channels"].colour


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
    figure = Figure(figsize=(9.4, 3.3), layout="constrained")
    pictures, bars = figure.subplots(2, len(grids), squeeze=False, height_ratios=(5, 1))
    for number, (axes, grid) in enumerate(zip(pictures, grids, strict=True), 1):
        axes.imshow(as_shown(adaptive_avg_pool2d(image, grid)), interpolation="nearest")
        _outline(axes, grid, units)
        axes.set_title(f"stage {number}: {grid[0]} x {grid[1]} tokens", fontsize=9, color=INK)
    for axes, width in zip(bars, channels, strict=True):
        axes.add_patch(Rectangle((0, 0), width / max(channels), 1, facecolor=CHANNELS))
        axes.set(xlim=(0, 1), ylim=(0, 1.6))
        axes.set_title(f"{width} channels", fontsize=9, color=INK, y=-0.55)
    for axes in (*pictures, *bars):
        axes.set_axis_off()
    told = (
        f"{g[0]} by {g[1]} tokens of {c} channels" for g, c in zip(grids, channels, strict=True)
    )
    alt = f"A picture divided into tokens, stage by stage: {'; '.join(told)}."
    return Picture(figure, f"{alt} White lines: {units[0]} by {units[1]} mask units.")


def _outline(axes, grid: tuple[int, int], units: tuple[int, int]) -> None:
    rows, columns = grid[0] / units[0], grid[1] / units[1]
    for y in range(units[0]):
        for x in range(units[1]):
            corner = (x * columns - 0.5, y * rows - 0.5)
            axes.add_patch(Rectangle(corner, columns, rows, fill=False, edgecolor="white", lw=0.6))
