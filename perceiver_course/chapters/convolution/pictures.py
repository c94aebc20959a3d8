"""What a stem makes of an image: windows, receptive fields, rows of features."""

from collections.abc import Mapping, Sequence

from jaxtyping import Bool, Float
from torch import Tensor

from ...kit.axes import AXES
from ...kit.charts import FRAMES
from ...kit.images import as_shown
from ...kit.picture import INK, Picture, box, frame, middle, panels, show, title_above

NUM_ROWS = 12  # of a table


def draw_feature_rows(
    cells: Float[Tensor, "inputs channels"],
    index_dims: tuple[int, int],
    channels: tuple[int, ...],
) -> Picture:
    """Some channels of a grid of cells as images; beside them its first rows as a table.

    Args:
        cells: one row for each cell of the grid.
        index_dims: (rows, columns) of the grid.
        channels: which to show as images.
    """
    shares = [2] * len(channels) + [5]
    figure, (row,) = panels(1, len(shares), 9.2, 2.2, width_ratios=shares)
    for axes, channel in zip(row, channels, strict=False):
        show(axes, cells[:, channel].reshape(index_dims))
        title_above(axes, f"channel {channel}")
        read = min(NUM_ROWS, index_dims[1])
        frame(axes, -0.5, -0.5, read, 1, edgecolor=AXES["inputs"].colour)
    show(row[-1], cells[:NUM_ROWS], aspect="auto")
    size = f"{len(cells)} rows x {cells.shape[1]} channels"
    title_above(row[-1], f"what is read: {size}; rows 0 to {NUM_ROWS - 1}")
    alt = (
        f"Channels {', '.join(map(str, channels))} of a grid of {index_dims[0]} by "
        f"{index_dims[1]} cells as images, and the first {NUM_ROWS} of its {size} as a table."
    )
    return Picture(figure, alt)


def draw_fields(
    image: Float[Tensor, "colours height width"],
    fields: Mapping[str, Sequence[Bool[Tensor, "height width"]]],
) -> Picture:
    """A picture, once for each title, and on it a frame around each receptive field.

    Args:
        image: one or three colours, any range.
        fields: title -> fields, each of them True where a pixel is seen.
    """
    figure, (row,) = panels(1, len(fields), min(9.0, 3.3 * len(fields)), 3.4)
    told = []
    for axes, (title, seen) in zip(row, fields.items(), strict=True):
        show(axes, as_shown(image), cmap="gray", alpha=0.75)
        words = []
        for number, field in enumerate(seen):
            rows, columns = field.any(1).nonzero(), field.any(0).nonzero()
            top, bottom, left, right = map(int, (rows[0], rows[-1], columns[0], columns[-1]))
            look = FRAMES[number % len(FRAMES)]
            frame(axes, left - 0.5, top - 0.5, right - left + 1, bottom - top + 1, **look)
            words.append(f"rows {top} to {bottom}, columns {left} to {right}")
        title_above(axes, title)
        told.append(f"{title}, {'; '.join(words)}")
    return Picture(figure, f"Frames around what cells see of a picture: {'. '.join(told)}.")


PAD, INPUT, OUTPUT = "#DDDDDD", AXES["width"].colour, AXES["inputs"].colour


def draw_windows(
    length: int, kernel: int, stride: int, paddings: Mapping[str, tuple[int, int]]
) -> Picture:
    """Cells of one axis, each window over them, and the output cell that it makes.

    Args:
        length: cells of the axis.
        kernel: cells in a window.
        stride: cells from one window to the next.
        paddings: title -> grey cells (before, after), one drawing for each.
    """
    starts_of = {
        title: range(-before, length + after - kernel + 1, stride)
        for title, (before, after) in paddings.items()
    }
    heights = [2.2 + 0.42 * len(starts) for starts in starts_of.values()]
    figure, grid = panels(len(paddings), 1, 6.2, 0.36 * sum(heights), height_ratios=heights)
    left, right = (max(pads[side] for pads in paddings.values()) for side in (0, 1))
    told = []
    for axes, (title, pads) in zip(grid[:, 0], paddings.items(), strict=True):
        for cell in range(-pads[0], length + pads[1]):
            is_pad = not 0 <= cell < length
            box(axes, cell, 0, 1, 1, facecolor=PAD if is_pad else INPUT, edgecolor="white")
            if not is_pad:
                middle(axes, cell + 0.5, 0.5, str(cell))
        for number, start in enumerate(starts_of[title]):
            y, centre = 1.25 + 0.42 * number, start + kernel / 2
            axes.plot([start + 0.1, start + kernel - 0.1], [y, y], color=INK, linewidth=1.5)
            axes.plot(centre, y, marker="s", markersize=9, color=OUTPUT, markeredgecolor=INK)
            middle(axes, centre, y - 0.02, str(number), 7)
        starts = starts_of[title]
        padded = f"{pads[0]} before and {pads[1]} after"
        words = f"{padded}, {len(starts)} windows, the first from {starts[0]}"
        title_above(axes, f"{title}: {words}")
        told.append(f"{title}, {words}")
        axes.set(xlim=(-left - 0.2, length + right + 0.2), ylim=(-0.1, 1.5 + 0.42 * len(starts)))
    alt = f"Windows of {kernel} over {length} cells, {stride} apart: {'; '.join(told)}."
    return Picture(figure, alt)
