"""One row of attention, drawn on the text or the image that is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import fill

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from torch import Tensor

from ...kit.axes import AXES
from ...kit.images import GREY, READ, as_shown
from ...kit.letters import MONO, SANS, shown
from ...kit.picture import INK, Picture, frame, middle, sheet, show, write

WIDTH, EDGE = 8.0, 0.1
FEW_KEYS = 24
BLUE, ORANGE = AXES["latents"].colour, AXES["inputs"].colour


@dataclass(frozen=True, eq=False)
class Row:
    """What one row of attention reads.

    Attributes:
        title: who reads what, and through what.
        said: the model's answer, in a sentence.
        told: what the input is, in a sentence.
        weights: as the softmax gave them, over the keys.
        keys: what they are, in the plural.
        on_input: the same as places of the input; sums to 1.
        places: what these are, in the plural.
        apart: names of the first places, if they lie nowhere on the input.
    """

    title: str
    said: str
    told: str
    weights: Float[Tensor, " keys"]
    keys: str
    on_input: Float[Tensor, " places"]
    places: str
    apart: tuple[str, ...] = ()

    @property
    def spread(self) -> str:
        """How many places are read, as if alike, in words."""
        count, places = as_many(self.on_input), len(self.on_input)
        return f"in effect {count:.1f} of {places} {self.places}"


def as_many(weights: Float[Tensor, " keys"]) -> float:
    """The exponential of the entropy: how many keys, read alike, would be spread out as much.

    >>> round(as_many(torch.tensor([0.25, 0.25, 0.25, 0.25, 0.0])), 3)
    4.0
    """
    return torch.special.entr(weights).sum().exp().item()


def in_common(one: Float[Tensor, " places"], other: Float[Tensor, " places"]) -> float:
    """The share of attention that two rows spend on the same places, from 0 to 1."""
    return torch.minimum(one, other).sum().item()


def page_of(row: Row, height: float) -> tuple[Figure, Axes]:
    """A figure with its words at the top, in inches; few axes are drawn swiftly."""
    figure, page = sheet(WIDTH, height, is_upward=True)
    write(page, EDGE, height - 0.08, printable(row.title), 11.5, va="top", fontweight="bold")
    write(page, EDGE, height - 0.34, printable(row.said), 10, va="top")
    return figure, page


def outline(colour: str = BLUE, thick: float = 2.0) -> dict:
    """How a frame around something that asks or answers looks."""
    return {"edgecolor": colour, "linewidth": thick, "zorder": 4}


def draw_bars_of(
    page: Axes, row: Row, corner: tuple[float, float], size: tuple[float, float]
) -> None:
    """The row as the softmax gave it: key by key, or sorted where they are many."""
    (x, y), (width, height), count = corner, size, len(row.weights)
    few, top = count <= FEW_KEYS, row.weights.max().item()
    weights = row.weights if few else row.weights.sort(descending=True).values
    colour = BLUE if row.keys == "latents" else ORANGE
    heights = y + height * (weights / max(top, 1e-9)).numpy()
    page.stairs(heights, np.linspace(x, x + width, count + 1), baseline=y, fill=True, color=colour)
    page.hlines(y, x, x + width, color=INK, linewidth=0.8)
    page.hlines(y + height / count / top, x, x + width, color=INK, linestyle=":", linewidth=1)
    write(page, x - 0.05, y + height, f"{top:.0%}", 9, ha="right", va="top")
    title = f"its row: {as_many(weights):.1f} of {count}"
    middle(page, x + width / 2, y + height + 0.2, title, 9, va="top")
    named = f"{row.keys}, 0 to {count - 1}" if few else f"{row.keys}, sorted"
    middle(page, x + width / 2, y - 0.05, f"{named}\ndotted: all alike", 9, va="top")


@cache
def sign(letter: str, family: str) -> str:
    """A letter, or its number if the font lacks it."""
    return shown(letter, family)


def printable(text: str) -> str:
    """A text in which characters that the font lacks are named by their numbers."""
    return "".join(c if c == " " else sign(c, SANS) for c in text)


def most_of(weights: Float[Tensor, " places"], names: Sequence[str]) -> str:
    """The three places that are read most, in a sentence."""
    values, places = weights.topk(min(3, len(weights)))
    tops = (f"{names[p]} ({v:.0%})" for v, p in zip(values.tolist(), places.tolist(), strict=True))
    return f"Most of all: {'; '.join(tops)}."


def alt_of(row: Row, most: str) -> str:
    """All that the picture says."""
    title, said = printable(row.title), printable(row.said)
    return f"{title}: {row.spread}. {most.removesuffix('.')}. {said} {row.told}"


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
    through = "" if row.keys == row.places else "through them, "
    dimmed = as_shown(image.mean(0, keepdim=True)) / 2
    for x, ground, above, below in (
        (LEFT[0], as_shown(image), "what the model sees", size),
        (LEFT[1], dimmed, f"{through}read here", row.spread),
        (LEFT[2], 0 * dimmed, "the same of 64 others, mean", f"{shared:.0%} in common"),
    ):
        show(page, ground, _at(x), **GREY)
        middle(page, x + SIDE / 2, TOP + 0.2, above, 9, va="top")
        middle(page, x + SIDE / 2, TOP - SIDE - 0.06, below, 9, va="top")
    for x, places in zip(LEFT[1:], (row.on_input, usual), strict=True):
        read = places[len(row.apart) :].view(grid)
        opacity = (read / read.max().clamp(min=1e-9)).numpy()
        show(page, np.ones_like(opacity), _at(x), cmap=READ, alpha=opacity)
        if asks is not None:
            step = SIDE / asks[2]
            corner = (x + asks[1] * step, TOP - (asks[0] + 1) * step)
            frame(page, *corner, step, step, **outline("white", 4.0))
            frame(page, *corner, step, step, **outline())
    step = SIDE / image.shape[-1]
    for y, x in marks:
        if all(-0.5 <= place < image.shape[-1] - 0.5 for place in (y, x)):
            place = (LEFT[0] + (x + 0.5) * step, TOP - (y + 0.5) * step)
            for colour, thick in (("white", 3.5), (INK, 1.2)):
                page.add_patch(Circle(place, 0.1, fill=False, **outline(colour, thick)))
    draw_bars_of(page, row, (6.6, 1.3), (1.3, 1.45))
    most = _most_places(row, grid)
    write(page, EDGE, 0.64, f"{most}\n{fill(row.told, 112)}", 9, va="top")
    return Picture(figure, alt_of(row, f"{most} {shared:.0%} in common with 64 other pictures"))


def _at(x: float) -> tuple[float, float, float, float]:
    return x, x + SIDE, TOP - SIDE, TOP


def _most_places(row: Row, grid: tuple[int, int]) -> str:
    names = (f"row {y}, column {x}" for y in range(grid[0]) for x in range(grid[1]))
    return most_of(row.on_input, [*row.apart, *names])


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
        frame(page, *corner, CELL, 0.28, **outline())
    most = _most_letters(row.on_input, letters)
    told = f"It reads {row.spread}.\n{fill(most, 72)}\n{fill(row.told, 72)}"
    write(page, EDGE, BELOW - 0.1, told, 9, va="top")
    draw_bars_of(page, row, (5.4, 0.5), (2.5, 0.62))
    return Picture(figure, alt_of(row, most))


def _read_line(page: Axes, shares: Float[np.ndarray, " bytes"], top: float) -> None:
    """A bar over each byte and a shade behind it."""
    left, right, ground = EDGE, EDGE + CELL * len(shares), top - LINE + 0.36
    edges = np.linspace(left, right, len(shares) + 1)
    page.stairs(ground + 0.36 * shares, edges, baseline=ground, fill=True, color=ORANGE)
    page.hlines(ground - 0.015, left, right, color="#999999", linewidth=0.6)
    place = (left, right, top - LINE + 0.04, top - LINE + 0.32)
    show(page, np.ones((1, len(shares))), place, cmap=READ, alpha=shares[None])


def _write(page: Axes, letters: Letters, tops: Sequence[float]) -> None:
    place = 0
    for text, ids in letters:
        line, column = divmod(place, IN_A_LINE)
        shown = "\u2022" if len(text) > 1 else sign(text, MONO).strip("\u2423")
        x = EDGE + CELL * min(column + len(ids) / 2, IN_A_LINE - len(ids) / 3)
        y = tops[line] - LINE + 0.18
        middle(page, x, y, shown, 5.5 if len(shown) > 1 else 9, family=MONO)
        place += len(ids)


def _most_letters(weights: Tensor, letters: Letters) -> str:
    texts = [
        text if len(text) > 1 else f'"{printable(text)}"' for text, ids in letters for _ in ids
    ]
    return most_of(weights, [f"{text} at byte {n}" for n, text in enumerate(texts)])
