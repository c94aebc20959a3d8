"""One picture, what is seen of it, and several ways to fill the rest, each with its error."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from torch import Tensor

from .axes import AXES
from .picture import INK, Picture, sheet

HIDDEN = {"facecolors": "#BBBBBB", "edgecolors": "white", "linewidths": 0.6, "hatch": "///"}
BORDER = {"colors": AXES["inputs"].colour, "linewidths": 1.4}
CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
ACROSS, SIDE, BETWEEN, MARGIN, TOP, CAPTION = 3, 1.95, 0.3, 0.2, 0.52, 0.32  # inches
WIDTH = 2 * MARGIN + ACROSS * SIDE + (ACROSS - 1) * BETWEEN

KEY = "hatched: hidden    line: where seen meets hidden    error: mean squared, over hidden pixels"

Shown = Float[Tensor, "colours height width"]
Corner = tuple[float, float]


def draw_filled(
    picture: Shown,
    keep: Bool[Tensor, "rows columns"],
    answer: Shown | None,
    filled: Mapping[str, Shown | None],
    words: Sequence[str],
) -> Picture:
    """A picture, what is seen, what is answered, and pictures whose hidden units were filled.

    Args:
        picture: the truth, any range.
        keep: True for mask units that are seen.
        answer: what a model says about all units; None if it cannot say anything.
        filled: title -> picture that is the truth where it is seen; its mean squared error where
            it is not is written beside the title. None if there is none.
        words: lines above it; the first is the title.
    """
    errors = [title + _error(picture, keep, made) for title, made in filled.items()]
    titles = ["the truth", "what is seen", "what the network says", *errors]
    figure, axes = sheet(WIDTH, TOP + -(-len(titles) // ACROSS) * (SIDE + CAPTION) + 2 * MARGIN)
    corners = [_corner(number) for number in range(len(titles))]
    for corner, title in zip(corners, titles, strict=True):
        axes.text(corner[0], corner[1] - 0.07, title, fontsize=9, color=INK)
    for corner, one in zip(corners, [picture, picture, answer, *filled.values()], strict=True):
        _paint(axes, corner, one, picture)
    _hide(axes, corners[1], ~keep)
    for corner, made in zip(corners[3:], filled.values(), strict=True):
        if made is not None:
            _border(axes, corner, keep)
    for line, sentence in enumerate(words):
        axes.text(MARGIN, 0.27 + 0.22 * line, sentence, fontsize=9 if line else 11, color=INK)
    axes.text(MARGIN, axes.get_ylim()[0] - 0.12, KEY, fontsize=8, color=INK)
    told = f"Mean squared error over hidden pixels: {'; '.join(errors)}."
    return Picture(figure, f"{' '.join(words)} {told}")


def _corner(number: int) -> Corner:
    """Upper left corner of a panel, in inches."""
    row, column = divmod(number, ACROSS)
    return MARGIN + column * (SIDE + BETWEEN), TOP + row * (SIDE + CAPTION) + CAPTION


def _paint(axes: Axes, corner: Corner, picture: Tensor | None, truth: Tensor) -> None:
    """Paint it on the scale of the truth; what does not exist is hatched all over."""
    if picture is None:
        _hide(axes, corner, truth.new_ones(1, 1).bool())
        return
    low, high = truth.min(), truth.max()
    scaled = ((picture - low) / (high - low)).clamp(0, 1).movedim(0, -1).squeeze(-1).numpy()
    left, top = corner
    place = {"extent": (left, left + SIDE, top + SIDE, top), "aspect": "auto"}
    axes.imshow(scaled, cmap="gray", vmin=0, vmax=1, interpolation="nearest", **place)


def _hide(axes: Axes, corner: Corner, hidden: Bool[Tensor, "rows columns"]) -> None:
    """Hatch the units that are hidden."""
    size = SIDE / np.array(hidden.T.shape)
    corners = hidden.nonzero().flip(1).numpy() * size + corner
    axes.add_collection(PolyCollection(corners[:, None] + CORNERS * size, **HIDDEN))


def _border(axes: Axes, corner: Corner, keep: Bool[Tensor, "rows columns"]) -> None:
    """Draw a line where a seen unit meets a hidden one."""
    size = SIDE / np.array(keep.T.shape)
    below, right = (keep[1:] != keep[:-1]).nonzero(), (keep[:, 1:] != keep[:, :-1]).nonzero()
    lines = [((x, y + 1), (x + 1, y + 1)) for y, x in below.tolist()]
    lines += [((x + 1, y), (x + 1, y + 1)) for y, x in right.tolist()]
    placed = [np.array(line) * size + corner for line in lines]
    axes.add_collection(LineCollection(placed, **BORDER))


def _error(picture: Shown, keep: Bool[Tensor, "rows columns"], made: Shown | None) -> str:
    """Mean squared error over the hidden pixels, or why there is none."""
    if made is None:
        return ", no answer"
    if keep.all():
        return ", nothing hidden"
    rows, columns = picture.shape[-2] // keep.shape[0], picture.shape[-1] // keep.shape[1]
    hidden = ~keep.repeat_interleave(rows, 0).repeat_interleave(columns, 1)
    return f", error {float((made - picture)[:, hidden].square().mean()):.2f}"
