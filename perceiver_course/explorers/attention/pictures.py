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
from matplotlib.patches import Circle, Rectangle
from torch import Tensor

from ...kit.axes import AXES
from ...kit.images import READ, as_shown
from ...kit.letters import MONO, SANS, shown
from ...kit.picture import INK, Picture

WIDTH, EDGE = 8.0, 0.1
FEW_KEYS = 24
LOOK = {"fontsize": 9, "color": INK, "parse_math": False, "va": "top"}
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
    figure = Figure(figsize=(WIDTH, height))
    page = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height), autoscale_on=False)
    page.set_axis_off()
    page.text(
        0.1, height - 0.08, printable(row.title), **LOOK | {"fontsize": 11.5, "fontweight": "bold"}
    )
    page.text(EDGE, height - 0.34, printable(row.said), **LOOK | {"fontsize": 10})
    return figure, page


def outline(colour: str = BLUE, thick: float = 2.0) -> dict:
    """How a frame around something that asks or answers looks."""
    return {"facecolor": "none", "edgecolor": colour, "linewidth": thick, "zorder": 4}


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
    page.text(x - 0.05, y + height, f"{top:.0%}", **LOOK | {"ha": "right"})
    middle = {"ha": "center", **LOOK}
    title = f"its row: {as_many(weights):.1f} of {count}"
    page.text(x + width / 2, y + height + 0.2, title, **middle)
    named = f"{row.keys}, 0 to {count - 1}" if few else f"{row.keys}, sorted"
    page.text(x + width / 2, y - 0.05, f"{named}\ndotted: all alike", **middle)


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
