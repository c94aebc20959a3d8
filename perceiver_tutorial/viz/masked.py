"""Pictures with hidden mask units, and what a pre-training made of them."""

from collections.abc import Mapping

from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from ..doors import checked
from ..masks import spread
from .images import as_shown
from .picture import INK, Picture

HIDDEN = {"facecolor": "#BBBBBB", "edgecolor": "white", "linewidth": 0.6, "hatch": "////"}
LEFT, WIDEST = 0.16, 9.2


@checked
def draw_masks(
    pictures: Float[Tensor, "pictures colours height width"],
    masks: Mapping[str, Bool[Tensor, "pictures rows columns"]],
) -> Picture:
    """The same pictures, or the frames of a video, under several masks, one row for each.

    Args:
        pictures: one to three colours, any range.
        masks: title -> True for mask units that are seen.
    """
    figure, rows = _rows(list(masks), pictures)
    for row, keep in zip(rows, masks.values(), strict=True):
        for axes, picture, seen in zip(row, pictures, keep, strict=True):
            axes.imshow(as_shown(picture), cmap="gray", interpolation="nearest")
            _hide(axes, ~seen, tuple(picture.shape[-2:]))
    told = (f"{title}, {int(keep[0].sum())} of {keep[0].numel()}" for title, keep in masks.items())
    return Picture(
        figure, f"{len(pictures)} pictures, mask units that are seen: {'; '.join(told)}."
    )


@checked
def draw_rebuilt(
    pictures: Float[Tensor, "pictures colours height width"],
    keep: Bool[Tensor, "pictures rows columns"],
    rebuilt: Mapping[str, Float[Tensor, "pictures colours height width"]],
) -> Picture:
    """Pictures, what is seen of them, and what was rebuilt from that, all on one scale.

    Args:
        pictures: the truth, any range.
        keep: True for mask units that are seen.
        rebuilt: title -> pictures; numbers outside the range of the truth are cut off.
    """
    low, high = pictures.min(), pictures.max()
    figure, rows = _rows(["the picture", "what is seen", *rebuilt], pictures)
    drawn = [pictures, pictures, *rebuilt.values()]
    for number, (row, some) in enumerate(zip(rows, drawn, strict=True)):
        for axes, picture, seen in zip(row, some, keep, strict=True):
            shown = ((picture - low) / (high - low)).clamp(0, 1).movedim(0, -1).squeeze(-1)
            axes.imshow(shown.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if number == 1:
                _hide(axes, ~seen, tuple(picture.shape[-2:]))
    errors = (f"{title} {_error(pictures, keep, made):.2f}" for title, made in rebuilt.items())
    told = f"{len(pictures)} pictures, seen through {int(keep[0].sum())} of {keep[0].numel()} units"
    return Picture(
        figure, f"{told}; mean squared error where they are hidden: {', '.join(errors)}."
    )


def _rows(titles: list[str], pictures: Tensor) -> tuple[Figure, list[list[Axes]]]:
    """A row of empty squares for each title, which stands on the left."""
    count = len(pictures)
    cell = min(1.0, (1 - LEFT) * WIDEST / count)
    width = cell * count / (1 - LEFT)
    tall = cell * pictures.shape[-2] / pictures.shape[-1]
    figure = Figure(figsize=(width, tall * len(titles)))
    across, down, rows = (1 - LEFT) / count, 1 / len(titles), []
    for number, title in enumerate(titles):
        low = 1 - (number + 1) * down
        places = [(LEFT + n * across, low, 0.95 * across, 0.95 * down) for n in range(count)]
        rows.append([figure.add_axes(place) for place in places])
        for axes in rows[-1]:
            axes.set_axis_off()
        middle = low + 0.475 * down
        figure.text(LEFT - 0.01, middle, title, ha="right", va="center", fontsize=9, color=INK)
    return figure, rows


def _hide(axes: Axes, hidden: Bool[Tensor, "rows columns"], size: tuple[int, int]) -> None:
    height, width = size[0] / hidden.shape[0], size[1] / hidden.shape[1]
    for y, x in hidden.nonzero().tolist():
        corner = (x * width - 0.5, y * height - 0.5)
        axes.add_patch(Rectangle(corner, width, height, **HIDDEN))


def _error(pictures: Tensor, keep: Tensor, made: Tensor) -> float:
    """Mean squared error over the hidden pixels."""
    units = tuple(keep.shape[1:])
    sizes = pictures.shape[-2] // units[0], pictures.shape[-1] // units[1]
    hidden = spread(~keep.flatten(1), units, sizes)[:, None].expand_as(pictures)
    return float((made - pictures)[hidden].square().mean())
