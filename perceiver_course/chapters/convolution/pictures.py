"""What a stem makes of an image: windows, receptive fields, rows of features."""

from collections.abc import Mapping, Sequence

from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from ...kit.axes import AXES
from ...kit.charts import FRAME_COLOURS, FRAME_DASHES
from ...kit.images import as_shown
from ...kit.picture import INK, Picture, strip


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


def draw_fields(
    image: Float[Tensor, "colours height width"],
    fields: Mapping[str, Sequence[Bool[Tensor, "height width"]]],
) -> Picture:
    """A picture, once for each title, and on it a frame around each receptive field.

    Args:
        image: one or three colours, any range.
        fields: title -> fields, each of them True where a pixel is seen.
    """
    figure, row = strip(len(fields), width=min(9.0, 3.3 * len(fields)), height=3.4)
    told = []
    for axes, (title, seen) in zip(row, fields.items(), strict=True):
        axes.imshow(as_shown(image), cmap="gray", interpolation="nearest", alpha=0.75)
        for number, field in enumerate(seen):
            _frame(axes, _box(field), FRAME_COLOURS[number % 5], FRAME_DASHES[number % 5])
        axes.set_title(title, fontsize=9, color=INK)
        told.append(f"{title}, {'; '.join(_words(_box(field)) for field in seen)}")
    return Picture(figure, f"Frames around what cells see of a picture: {'. '.join(told)}.")


def _box(field: Tensor) -> tuple[int, int, int, int]:
    """First and last row, first and last column that are seen."""
    rows, columns = field.any(1).nonzero(), field.any(0).nonzero()
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def _words(box: tuple[int, int, int, int]) -> str:
    return f"rows {box[0]} to {box[1]}, columns {box[2]} to {box[3]}"


def _frame(axes: Axes, box: tuple[int, int, int, int], colour: str, dash: str) -> None:
    top, bottom, left, right = box
    corner, size = (left - 0.5, top - 0.5), (right - left + 1, bottom - top + 1)
    axes.add_patch(
        Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=2, linestyle=dash)
    )


PAD = "#DDDDDD"
INPUT, OUTPUT = AXES["width"].colour, AXES["inputs"].colour


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
    heights = [2.2 + 0.42 * _count(length, kernel, stride, pads) for pads in paddings.values()]
    figure = Figure(figsize=(6.2, 0.36 * sum(heights)), layout="constrained")
    column = figure.subplots(len(paddings), 1, squeeze=False, height_ratios=heights)[:, 0]
    left = max(before for before, _ in paddings.values())
    right = max(after for _, after in paddings.values())
    for axes, (title, pads) in zip(column, paddings.items(), strict=True):
        _draw(axes, length, kernel, stride, pads)
        axes.set_title(f"{title}: {_told(length, kernel, stride, pads)}", fontsize=9, color=INK)
        axes.set(xlim=(-left - 0.2, length + right + 0.2))
    told = "; ".join(f"{t}, {_told(length, kernel, stride, p)}" for t, p in paddings.items())
    return Picture(figure, f"Windows of {kernel} over {length} cells, {stride} apart: {told}.")


def _starts(length: int, kernel: int, stride: int, pads: tuple[int, int]) -> range:
    return range(-pads[0], length + pads[1] - kernel + 1, stride)


def _count(length: int, kernel: int, stride: int, pads: tuple[int, int]) -> int:
    return len(_starts(length, kernel, stride, pads))


def _told(length: int, kernel: int, stride: int, pads: tuple[int, int]) -> str:
    starts = _starts(length, kernel, stride, pads)
    padded = f"{pads[0]} before and {pads[1]} after"
    return f"{padded}, {len(starts)} windows, the first from {starts[0]}"


def _draw(axes: Axes, length: int, kernel: int, stride: int, pads: tuple[int, int]) -> None:
    for cell in range(-pads[0], length + pads[1]):
        is_pad = not 0 <= cell < length
        axes.add_patch(
            Rectangle((cell, 0), 1, 1, facecolor=PAD if is_pad else INPUT, edgecolor="white")
        )
        if not is_pad:
            axes.text(cell + 0.5, 0.5, str(cell), ha="center", va="center", fontsize=8, color=INK)
    starts = _starts(length, kernel, stride, pads)
    for number, start in enumerate(starts):
        y = 1.25 + 0.42 * number
        axes.plot([start + 0.1, start + kernel - 0.1], [y, y], color=INK, linewidth=1.5)
        middle = start + kernel / 2
        axes.plot(middle, y, marker="s", markersize=9, color=OUTPUT, markeredgecolor=INK)
        axes.text(middle, y - 0.02, str(number), ha="center", va="center", fontsize=7, color=INK)
    axes.set(ylim=(-0.1, 1.5 + 0.42 * len(starts)))
    axes.set_axis_off()
