"""A cross-attention layer as a diagram: norms, projections, weights, residuals, MLP."""

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from perceiver_tutorial.tracing import Walk

from ...kit.axes import AXES
from ...kit.picture import INK, Number, Picture, arrow, box, lines, middle, sheet

GREY = "#EEEEEE"
QUERY, KEY = AXES["latent channels"].colour, AXES["inputs"].colour


@dataclass(frozen=True)
class Sizes:
    """Rows and widths of a cross-attention layer.

    Attributes:
        latents: rows and width of the latent array.
        inputs: rows and width of the input array.
        qk_channels: width of queries and keys.
        v_channels: width of the values.
        num_heads: heads.
    """

    latents: tuple[int, int]
    inputs: tuple[int, int]
    qk_channels: int
    v_channels: int
    num_heads: int = 1

    @classmethod
    def of(cls, walk: Walk, step: str = "encoder.cross.0") -> "Sizes":
        """The sizes of a cross-attention layer in the walk through a model."""
        part = f"{step}.attention"
        _, heads, n, m = walk[f"{part}.weights"].shape
        d, c = walk[step].shape[-1], walk["preprocessor"].shape[-1]
        qk, v = (walk[f"{part}.{name}"].shape[-1] for name in ("q_proj", "v_proj"))
        return cls((n, d), (m, c), qk, v, heads)


def draw_layer(sizes: Sizes) -> Picture:
    """A pre-norm cross-attention layer with the shape of every array.

    Args:
        sizes: rows and widths; with several heads, the weights are those of each.
    """
    (n, d), (m, c), qk, v = sizes.latents, sizes.inputs, sizes.qk_channels, sizes.v_channels
    figure, axes = sheet(150, 56, per_inch=15)
    _array(axes, 8, 16, "latents Z", n, d, QUERY)
    _array(axes, 8, 40, "inputs X", m, c, KEY)
    for x, y, words in (
        (22, 16, "LN"), (22, 40, "LN"), (33, 16, "W_Q"), (33, 34, "W_K"), (33, 48, "W_V"),
        (80, 25, "softmax\nover inputs"), (111, 30, "W_O"), (128, 16, "LN"), (138, 16, "MLP"),
    ):  # fmt: skip
        _step(axes, x, y, words)
    for x, y, words, rows, columns, colour in (
        (46, 16, "queries Q", n, qk, QUERY), (46, 34, "keys K", m, qk, KEY),
        (61, 34, "K transposed", qk, m, KEY), (46, 48, "values V", m, v, KEY),
        (93, 25, "weights A", n, m, GREY), (143, 30, "output", n, d, QUERY),
    ):  # fmt: skip
        _array(axes, x, y, words, rows, columns, colour)
    for x, y, words in ((69, 25, "×/√F"), (102, 34, "×"), (119, 16, "+"), (145, 16, "+")):
        _circle(axes, x, y, words)
    for start, end in (
        ((14, 16), (18.5, 16)), ((25.5, 16), (29.5, 16)), ((36.5, 16), (40, 16)),
        ((14, 40), (18.5, 40)), ((25.5, 39), (29.5, 34.5)), ((25.5, 41), (29.5, 47.5)),
        ((36.5, 34), (40, 34)), ((36.5, 48), (40, 48)), ((52, 34), (55, 34)),
        ((52, 18), (66.5, 23.5)), ((64, 30), (67.3, 27)), ((71.8, 25), (74.5, 25)),
        ((85.5, 25), (87.5, 25)), ((97, 29), (100.2, 32.2)), ((52, 48), (100.3, 35.7)),
        ((104.5, 33.2), (107.5, 31.2)), ((113, 27.3), (117.6, 18.2)), ((121.2, 16), (124.5, 16)),
        ((131.5, 16), (134.5, 16)), ((141.5, 16), (142.8, 16)), ((145, 18.2), (144, 25.5)),
    ):  # fmt: skip
        arrow(axes, start, end, size=9)
    for left, right in ((8, 119), (122.6, 145)):
        bottom = 11 if left == 8 else 16
        ends = [((left, bottom), (left, 5)), ((left, 5), (right, 5))]
        lines(axes, ends, colors=INK, linewidths=1.2)
        arrow(axes, (right, 5), (right, 13.8), size=9)
        middle(axes, (left + right) / 2, 3.2, "residual connection", 8)
    heads = f" in each of {sizes.num_heads} heads" if sizes.num_heads > 1 else ""
    alt = (
        f"Cross-attention layer. Latents, {n:,} by {d:,}, and inputs, {m:,} by {c:,}, are "
        f"normalised. W_Q makes queries {n:,} by {qk:,}; W_K makes keys {m:,} by {qk:,}, which are "
        f"transposed to {qk:,} by {m:,}; W_V makes values {m:,} by {v:,}. Queries times "
        f"transposed keys, softmax over the inputs: weights {n:,} by {m:,}{heads}. Times values, "
        f"W_O, plus the latents (residual); then LN and MLP, plus again: output {n:,} by {d:,}."
    )
    return Picture(figure, alt)


def _array(axes: Axes, x: Number, y: Number, words: str, rows: int, columns: int, colour) -> None:
    box(axes, x - 6, y - 4.5, 12, 9, facecolor=colour, edgecolor=INK)
    middle(axes, x, y, f"{words}\n{rows:,} × {columns:,}", 7)


def _step(axes: Axes, x: Number, y: Number, words: str) -> None:
    half = 5.3 if "\n" in words else 3.4
    look = {"boxstyle": "round,pad=0,rounding_size=1", "facecolor": "#FFFFFF", "edgecolor": INK}
    axes.add_patch(FancyBboxPatch((x - half, y - 2.6), 2 * half, 5.2, **look))
    middle(axes, x, y, words, 7)


def _circle(axes: Axes, x: Number, y: Number, words: str) -> None:
    look = {"boxstyle": "round,pad=0,rounding_size=2.2", "facecolor": "#FFFFFF", "edgecolor": INK}
    axes.add_patch(FancyBboxPatch((x - 2.2, y - 2.2), 4.4, 4.4, **look))
    middle(axes, x, y, words, 7)
