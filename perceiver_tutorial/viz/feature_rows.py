"""The cells of a convolution as the rows that are read."""

from jaxtyping import Float
from matplotlib.patches import Rectangle
from torch import Tensor

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture, strip


@checked
def draw_feature_rows(
    cells: Float[Tensor, "inputs channels"],
    index_dims: tuple[int, int],
    channels: tuple[int, ...],
    num_rows: int = 12,
) -> Picture:
    """Some channels of a grid of cells as images; beside them its first rows as a table.

    Args:
        cells: one row for each cell of the grid.
        index_dims: (rows, columns) of the grid.
        channels: which to show as images.
        num_rows: first cells to show as rows of the table.
    """
    shares = [2] * len(channels) + [5]
    figure, row = strip(len(channels) + 1, width=9.2, height=2.2, shares=shares)
    for axes, channel in zip(row, channels, strict=False):
        image = cells[:, channel].reshape(index_dims).numpy()
        axes.imshow(image, cmap="cividis", interpolation="nearest")
        axes.set_title(f"channel {channel}", fontsize=9, color=INK)
        frame = Rectangle((-0.5, -0.5), min(num_rows, index_dims[1]), 1, fill=False)
        frame.set(edgecolor=AXES["inputs"].colour, linewidth=2)
        axes.add_patch(frame)
    row[-1].imshow(cells[:num_rows].numpy(), cmap="cividis", aspect="auto", interpolation="nearest")
    size = f"{len(cells)} rows x {cells.shape[1]} channels"
    row[-1].set_title(f"what is read: {size}; rows 0 to {num_rows - 1}", fontsize=9, color=INK)
    alt = (
        f"Channels {', '.join(map(str, channels))} of a grid of {index_dims[0]} by "
        f"{index_dims[1]} cells as images, and the first {num_rows} of its {size} as a table."
    )
    return Picture(figure, alt)
