"""What one row of attention reads: its words, its bars, and the page that they stand on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .axes import AXES
from .letters import SANS, shown
from .picture import INK

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
