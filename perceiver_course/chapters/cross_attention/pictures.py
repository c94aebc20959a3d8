"""Cross-attention: its diagram, and where latents look."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from perceiver_tutorial.tracing import Walk

from ...kit.axes import AXES
from ...kit.images import READ, as_shown
from ...kit.picture import INK, Picture, arrow, blank

GAP = 1.5
UNITS_PER_INCH = 2.35
MAP_COLOUR = "#DDDDDD"


@dataclass(frozen=True)
class _Box:
    """One array: where its lower left corner is, how large it is drawn, what it is."""

    title: str
    x: float
    y: float
    rows: int
    columns: int
    letters: tuple[str, str]
    colour: str

    @property
    def width(self) -> float:
        return _length(self.columns)

    @property
    def height(self) -> float:
        return _length(self.rows)

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def top(self) -> float:
        return self.y + self.height

    @property
    def text(self) -> str:
        return f"{self.title} {self.rows:,} x {self.columns:,}"


def _length(count: int) -> float:
    return 0.5 + 0.8 * math.log10(count)


def draw_cross_attend(walk: Walk, name: str = "encoder.cross.0") -> Picture:
    """The arrays of one cross-attend, their sides drawn to scale (logarithmically).

    In the lower line everything has as many rows as ask; above it stands what has as
    many rows as are read, the keys lying on their side. Norms and the MLP are left out.

    Args:
        walk: with `depth=None`, of any model in which something is read.
        name: the cross-attend, as in the walk.
    """
    boxes = _boxes(walk, name)
    figure, axes = blank(9.6, (boxes["values"].top + 1.9) / UNITS_PER_INCH)
    for box in boxes.values():
        _draw(axes, box)
    for start, end, layer in (
        ("latents", "queries", "q_proj"),
        ("queries", "map", ""),
        ("map", "mixture", ""),
        ("mixture", "output", "out_proj"),
        ("inputs", "keys", "k_proj"),
    ):
        _across(axes, boxes[start], boxes[end], _parameters(walk, name, layer))
    _over(axes, boxes, _parameters(walk, name, "v_proj"))
    _down(axes, boxes["keys"], boxes["map"])
    _down(axes, boxes["values"], boxes["mixture"])
    axes.set(xlim=(-0.8, boxes["output"].right + 0.3), ylim=(-0.9, boxes["values"].top + 0.8))
    title = f"{walk.title}: {name}"
    axes.set_title(title, fontsize=10, color=INK)
    told = "; ".join(box.text for box in boxes.values())
    return Picture(figure, f"{title}, arrays as rows x columns: {told}.")


def _boxes(walk: Walk, name: str) -> dict[str, _Box]:
    """All arrays from left to right: those that ask below, those that are read above."""
    attention = f"{name}.attention"
    (_, n, d), (_, m, c) = (shape.sizes for shape in walk[attention].inputs)
    qk = walk[f"{attention}.q_proj"].shape[-1]
    v = walk[f"{attention}.v_proj"].shape[-1]
    asks, read = AXES["latents"].colour, AXES["inputs"].colour
    above = _length(n) + GAP
    latents = _Box("latents", 0.0, 0.0, n, d, ("N", "D"), asks)
    queries = _Box("queries", latents.right + GAP, 0.0, n, qk, ("N", "qk"), asks)
    scores = _Box("map", queries.right + GAP, 0.0, n, m, ("N", "M"), MAP_COLOUR)
    mixture = _Box("mixture", scores.right + GAP, 0.0, n, v, ("N", "v"), asks)
    return {
        "latents": latents,
        "queries": queries,
        "map": scores,
        "mixture": mixture,
        "output": _Box("output", mixture.right + GAP, 0.0, n, d, ("N", "D"), asks),
        "inputs": _Box("inputs", 0.0, above, m, c, ("M", "C"), read),
        "keys": _Box("keys", scores.x, above, qk, m, ("qk", "M"), read),
        "values": _Box("values", mixture.x, above, m, v, ("M", "v"), read),
    }


def _parameters(walk: Walk, name: str, layer: str) -> str:
    return f"{walk[f'{name}.attention.{layer}'].parameters:,}" if layer else ""


def _draw(axes: Axes, box: _Box) -> None:
    shape = Rectangle((box.x, box.y), box.width, box.height, facecolor=box.colour, edgecolor=INK)
    shape.set_alpha(0.6)
    axes.add_patch(shape)
    middle = {"ha": "center", "va": "center", "color": INK}
    text = f"{box.title}\n{box.rows:,} x\n{box.columns:,}"
    axes.text(box.x + box.width / 2, box.y + box.height / 2, text, fontsize=8, **middle)
    rows, columns = box.letters
    _letter(axes, box.x - 0.28, box.y + box.height / 2, rows)
    _letter(axes, box.x + box.width / 2, box.y - 0.35, columns)


def _letter(axes: Axes, x: float, y: float, letter: str) -> None:
    kind = next((kind for kind in AXES.values() if kind.letter == letter), None)
    style = {"color": INK} if kind is None else {
        "color": kind.ink, "fontweight": "bold",
        "bbox": {"facecolor": kind.colour, "edgecolor": "none", "pad": 1.5},
    }  # fmt: skip
    axes.text(x, y, letter, ha="center", va="center", fontsize=8, **style)


def _across(axes: Axes, left: _Box, right: _Box, text: str) -> None:
    y = max(left.y, right.y) + min(left.height, right.height) * 0.72
    arrow(axes, (left.right + 0.05, y), (right.x - 0.05, y))
    x = (left.right + right.x) / 2
    axes.text(x, y + 0.12, text, ha="center", va="bottom", fontsize=7, color=INK)


def _over(axes: Axes, boxes: dict[str, _Box], text: str) -> None:
    """From the inputs to the values, above the keys."""
    inputs, keys, values = boxes["inputs"], boxes["keys"], boxes["values"]
    y = max((keys.top + values.top) / 2, keys.top + 0.2)
    arrow(axes, (inputs.right + 0.05, y), (values.x - 0.05, y))
    axes.text(keys.x, y + 0.1, text, ha="left", va="bottom", fontsize=7, color=INK)


def _down(axes: Axes, above: _Box, below: _Box) -> None:
    x = below.x + below.width * 0.72
    arrow(axes, (x, above.y - 0.05), (x, below.top + 0.05))


def draw_attention_maps(
    images: Float[Tensor, "images colours height width"],
    maps: Float[Tensor, "images maps height width"],
    titles: Sequence[str],
) -> Picture:
    """A column for each picture: the picture itself, then each map over it, dimmed, in orange.

    Args:
        images: what was read.
        maps: attention weights over the pixels of each; shown from zero to the largest of each.
        titles: one for each map.
    """
    lines = 1 + maps.shape[1]
    figure = Figure(figsize=(0.9 + 1.3 * len(images), 1.3 * lines), layout="constrained")
    grid = figure.subplots(lines, len(images), squeeze=False)
    for column, image, looks in zip(grid.T, images, maps, strict=True):
        grey = image.mean(0).numpy()
        column[0].imshow(as_shown(image), cmap="gray", interpolation="nearest")
        for axes, weights in zip(column[1:], looks, strict=True):
            axes.imshow(grey, cmap="gray", vmax=2 * grey.max() - grey.min())
            opacity = (weights / weights.max()).numpy()
            axes.imshow(np.ones_like(grey), cmap=READ, alpha=opacity, interpolation="nearest")
    style = {"ha": "right", "va": "center", "fontsize": 9, "color": INK}
    for row, title in zip(grid, ("what is read", *titles), strict=True):
        row[0].text(-0.08, 0.5, title, transform=row[0].transAxes, **style)
    for axes in grid.flat:
        axes.set_axis_off()
    size = f"{images.shape[-2]} by {images.shape[-1]} pixels"
    alt = f"{len(images)} pictures of {size}, and where attention goes: {', '.join(titles)}."
    return Picture(figure, alt)
