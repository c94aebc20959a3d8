"""Cross-attention: its diagram."""

import math
from dataclasses import dataclass

from matplotlib.axes import Axes

from perceiver_tutorial.tracing import Walk

from ...kit.axes import AXES
from ...kit.picture import INK, Picture, arrow, box, middle, panels, title_above

GAP = 1.5
UNITS_PER_INCH = 2.35
CHIPS = {kind.letter: kind for kind in AXES.values()}


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


def _length(count: int) -> float:
    return 0.5 + 0.8 * math.log10(count)


def draw_cross_attention(walk: Walk) -> Picture:
    """The arrays of the first cross-attention layer, their sides drawn to scale (logarithmically).

    In the lower line everything has as many rows as ask; above it stands what has as
    many rows as are read, the keys lying on their side. Norms and the MLP are left out.

    Args:
        walk: with `depth=None`, of any model in which something is read.
    """
    name = "encoder.cross.0"
    boxes = _boxes(walk, name)
    inputs, keys, values = boxes["inputs"], boxes["keys"], boxes["values"]
    figure, ((axes,),) = panels(1, 1, 9.6, (values.top + 1.9) / UNITS_PER_INCH)
    for one in boxes.values():
        _draw(axes, one)
    for start, end, layer in (
        ("latents", "queries", "q_proj"),
        ("queries", "map", ""),
        ("map", "context", ""),
        ("context", "output", "out_proj"),
        ("inputs", "keys", "k_proj"),
    ):
        left, right = boxes[start], boxes[end]
        y = max(left.y, right.y) + min(left.height, right.height) * 0.72
        arrow(axes, (left.right + 0.05, y), (right.x - 0.05, y))
        words = _parameters(walk, name, layer)
        middle(axes, (left.right + right.x) / 2, y + 0.12, words, 7, va="bottom")
    over = max((keys.top + values.top) / 2, keys.top + 0.2)  # to the values, above the keys
    arrow(axes, (inputs.right + 0.05, over), (values.x - 0.05, over))
    words = _parameters(walk, name, "v_proj")
    middle(axes, keys.x + 0.3, over + 0.1, words, 7, va="bottom")
    for above, below in ((keys, boxes["map"]), (values, boxes["context"])):
        x = below.x + below.width * 0.72
        arrow(axes, (x, above.y - 0.05), (x, below.top + 0.05))
    axes.set(xlim=(-0.8, boxes["output"].right + 0.3), ylim=(-0.9, values.top + 0.8))
    title = f"{walk.title}: {name}"
    title_above(axes, title, 10)
    told = "; ".join(f"{one.title} {one.rows:,} x {one.columns:,}" for one in boxes.values())
    return Picture(figure, f"{title}, arrays as rows x columns: {told}.")


def _boxes(walk: Walk, name: str) -> dict[str, _Box]:
    """All arrays from left to right: those that ask below, those that are read above."""
    attention = f"{name}.attention"
    (_, n, d), (_, m, c) = (shape.sizes for shape in walk[attention].inputs)
    qk = walk[f"{attention}.q_proj"].shape[-1]
    v = walk[f"{attention}.v_proj"].shape[-1]
    asks, read, above = AXES["latents"].colour, AXES["inputs"].colour, _length(n) + GAP
    latents = _Box("latents", 0.0, 0.0, n, d, ("N", "D"), asks)
    queries = _Box("queries", latents.right + GAP, 0.0, n, qk, ("N", "qk"), asks)
    scores = _Box("map", queries.right + GAP, 0.0, n, m, ("N", "M"), "#DDDDDD")
    context = _Box("context", scores.right + GAP, 0.0, n, v, ("N", "v"), asks)
    return {
        "latents": latents,
        "queries": queries,
        "map": scores,
        "context": context,
        "output": _Box("output", context.right + GAP, 0.0, n, d, ("N", "D"), asks),
        "inputs": _Box("inputs", 0.0, above, m, c, ("M", "C"), read),
        "keys": _Box("keys", scores.x, above, qk, m, ("qk", "M"), read),
        "values": _Box("values", context.x, above, m, v, ("M", "v"), read),
    }


def _parameters(walk: Walk, name: str, layer: str) -> str:
    return f"{walk[f'{name}.attention.{layer}'].parameters:,}" if layer else ""


def _draw(axes: Axes, one: _Box) -> None:
    look = {"facecolor": one.colour, "edgecolor": INK, "alpha": 0.6}
    box(axes, one.x, one.y, one.width, one.height, **look)
    x, y = one.x + one.width / 2, one.y + one.height / 2
    middle(axes, x, y, f"{one.title}\n{one.rows:,} x\n{one.columns:,}")
    places = (one.x - 0.28, y), (x, one.y - 0.35)
    for letter, place in zip(one.letters, places, strict=True):
        look = {}
        if letter in CHIPS:
            kind = CHIPS[letter]
            look = {"color": kind.ink, "ground": kind.colour, "fontweight": "bold"}
        middle(axes, *place, letter, **look)
