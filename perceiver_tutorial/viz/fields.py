"""Receptive fields, drawn on the picture that they see."""

from collections.abc import Mapping, Sequence

from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from ..doors import checked
from .images import as_shown
from .picture import INK, Picture, strip

LINES = ("#E69F00", "#0072B2", "#009E73", "#CC79A7", "#D55E00")
DASHES = ("-", "--", "-.", ":", "-")


@checked
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
            _frame(axes, _box(field), LINES[number % 5], DASHES[number % 5])
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
