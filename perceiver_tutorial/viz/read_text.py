"""One row of attention, drawn back on the text that was read."""

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from .attention import READ
from .letters import MONO
from .picture import INK, Picture
from .read_back import (
    EDGE,
    LOOK,
    ORANGE,
    Row,
    alt_of,
    draw_bars_of,
    most_of,
    outline,
    page_of,
    printable,
    sign,
)

IN_A_LINE, LINE, BELOW = 64, 0.78, 1.4
CELL = 7.8 / IN_A_LINE
Letters = Sequence[tuple[str, Sequence[int]]]  # as `perceiver.characters` gives them


def draw_row_on_text(row: Row, letters: Letters, asks: int | None = None) -> Picture:
    """The text in cells, a bar over each byte for how much of it is read, and the row itself.

    Args:
        row: a place for each id.
        letters: the text's characters with their ids. A dot is a special id.
        asks: the byte that asks, framed in blue, if one does.
    """
    lines = -(-len(row.on_input) // IN_A_LINE)
    figure, page = page_of(row, BELOW + 0.68 + LINE * lines)
    tops = [BELOW + LINE * (lines - line) for line in range(lines)]
    for top, weights in zip(tops, row.on_input.split(IN_A_LINE), strict=True):
        _read_line(page, (weights / row.on_input.max().clamp(min=1e-9)).numpy(), top)
    _write(page, letters, tops)
    if asks is not None:
        line, column = divmod(asks, IN_A_LINE)
        corner = (EDGE + column * CELL, tops[line] - LINE + 0.04)
        page.add_patch(Rectangle(corner, CELL, 0.28, **outline()))
    most = _most_letters(row.on_input, letters)
    told = f"It reads {row.spread}.\n{fill(most, 72)}\n{fill(row.told, 72)}"
    page.text(EDGE, BELOW - 0.1, told, **LOOK)
    draw_bars_of(page, row, (5.4, 0.5), (2.5, 0.62))
    return Picture(figure, alt_of(row, most))


def _read_line(page: Axes, shares: Float[np.ndarray, " bytes"], top: float) -> None:
    """A bar over each byte and a shade behind it."""
    left, right, ground = EDGE, EDGE + CELL * len(shares), top - LINE + 0.36
    edges = np.linspace(left, right, len(shares) + 1)
    page.stairs(ground + 0.36 * shares, edges, baseline=ground, fill=True, color=ORANGE)
    page.hlines(ground - 0.015, left, right, color="#999999", linewidth=0.6)
    edges = (left, right, top - LINE + 0.04, top - LINE + 0.32)
    look = {"alpha": shares[None], "aspect": "auto", "extent": edges}
    page.imshow(np.ones((1, len(shares))), cmap=READ, **look)


def _write(page: Axes, letters: Letters, tops: Sequence[float]) -> None:
    place = 0
    for text, ids in letters:
        line, column = divmod(place, IN_A_LINE)
        shown = "\u2022" if len(text) > 1 else sign(text, MONO).strip("\u2423")
        look = {"fontsize": 5.5 if len(shown) > 1 else 9, "family": MONO, "color": INK}
        x = EDGE + CELL * min(column + len(ids) / 2, IN_A_LINE - len(ids) / 3)
        y = tops[line] - LINE + 0.18
        page.text(x, y, shown, ha="center", va="center", parse_math=False, **look)
        place += len(ids)


def _most_letters(weights: Tensor, letters: Letters) -> str:
    texts = [
        text if len(text) > 1 else f'"{printable(text)}"' for text, ids in letters for _ in ids
    ]
    return most_of(weights, [f"{text} at byte {n}" for n, text in enumerate(texts)])
