"""One row of attention, drawn back on the picture that was read."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle
from torch import Tensor

from .attention import READ
from .images import as_shown
from .picture import INK, Picture
from .read_back import EDGE, LOOK, Row, alt_of, draw_bars_of, in_common, most_of, outline, page_of

SIDE, TOP = 1.95, 2.85
LEFT = (EDGE, 2.13, 4.16)


def draw_row_on_image(
    row: Row,
    image: Float[Tensor, "colours height width"],
    grid: tuple[int, int],
    usual: Float[Tensor, " places"],
    *,
    asks: tuple[int, int, int] | None = None,
    marks: Sequence[tuple[float, float]] = (),
) -> Picture:
    """The picture, what the row reads of it, what it reads of others, and the row itself.

    Args:
        row: its places are those of the grid, row by row, after any that are apart.
        image: as the model sees it.
        grid: rows and columns of places.
        usual: what the same row reads of other pictures, on average.
        asks: row, column and tokens along a side of the token that asks.
        marks: row and column of pixels to be ringed.
    """
    figure, page = page_of(row, 3.68)
    shared = in_common(row.on_input, usual)
    size = f"{image.shape[-2]} x {image.shape[-1]}{'; rings: answer' if marks else ' pixels'}"
    _three(page, image, _headings(row), (size, row.spread, f"{shared:.0%} in common"))
    for x, places in zip(LEFT[1:], (row.on_input, usual), strict=True):
        _shade(page, places[len(row.apart) :].view(grid), x)
        _frame(page, asks, x)
    _ring(page, marks, image.shape[-1])
    draw_bars_of(page, row, (6.6, 1.3), (1.3, 1.45))
    most = _most_places(row, grid)
    page.text(EDGE, 0.64, f"{most}\n{fill(row.told, 112)}", **LOOK)
    return Picture(figure, alt_of(row, f"{most} {shared:.0%} in common with 64 other pictures"))


def _headings(row: Row) -> tuple[str, str, str]:
    through = "" if row.keys == row.places else "through them, "
    return "what the model sees", f"{through}read here", "the same of 64 others, mean"


def _three(page: Axes, image: Tensor, above: Sequence[str], below: Sequence[str]) -> None:
    """The picture, the picture dimmed, and none: grounds for what is read of them."""
    dimmed = as_shown(image.mean(0, keepdim=True)) / 2
    grounds = (as_shown(image), dimmed, np.zeros_like(dimmed))
    for x, ground, title, words in zip(LEFT, grounds, above, below, strict=True):
        page.imshow(ground, cmap="gray", vmin=0, vmax=1, **_at(x))
        middle = {"ha": "center", **LOOK}
        page.text(x + SIDE / 2, TOP + 0.2, title, **middle)
        page.text(x + SIDE / 2, TOP - SIDE - 0.06, words, **middle)


def _at(x: float) -> dict:
    edges = (x, x + SIDE, TOP - SIDE, TOP)
    return {"interpolation": "nearest", "extent": edges, "aspect": "auto"}


def _shade(page: Axes, weights: Float[Tensor, "rows columns"], x: float) -> None:
    """Orange where it is read."""
    opacity = (weights / weights.max().clamp(min=1e-9)).numpy()
    page.imshow(np.ones_like(opacity), cmap=READ, alpha=opacity, **_at(x))


def _frame(page: Axes, asks: tuple[int, int, int] | None, x: float) -> None:
    if asks is not None:
        row, column, step = asks[0], asks[1], SIDE / asks[2]
        corner = (x + column * step, TOP - (row + 1) * step)
        page.add_patch(Rectangle(corner, step, step, **outline("white", 4.0)))
        page.add_patch(Rectangle(corner, step, step, **outline()))


def _ring(page: Axes, marks: Sequence[tuple[float, float]], pixels: int) -> None:
    step = SIDE / pixels
    inside = [mark for mark in marks if all(-0.5 <= place < pixels - 0.5 for place in mark)]
    for row, column in inside:
        place = (LEFT[0] + (column + 0.5) * step, TOP - (row + 0.5) * step)
        for colour, thick in (("white", 3.5), (INK, 1.2)):
            page.add_patch(Circle(place, 0.1, **outline(colour, thick)))


def _most_places(row: Row, grid: tuple[int, int]) -> str:
    names = (f"row {y}, column {x}" for y in range(grid[0]) for x in range(grid[1]))
    return most_of(row.on_input, [*row.apart, *names])
