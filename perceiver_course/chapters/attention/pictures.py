"""Attention: its matrices side by side, heads split and merged, a mask that is broadcast."""

from collections.abc import Mapping

from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from torch import Tensor

from ...kit.axes import AXES
from ...kit.charts import HEAT, heat
from ...kit.picture import INK, Picture, arrow, box, middle, panels, sheet, title_above, write

SIGNED = LinearSegmentedColormap.from_list(
    "signed", [AXES["inputs"].colour, "#FFFFFF", AXES["latents"].colour]
)
MASK = LinearSegmentedColormap.from_list("mask", ["#DDDDDD", "#9AD0F5"])
HEADS = ("#F0E442", "#9AD0F5", "#EE9A66", "#BBBBBB")
FEW = 60
Matrices = Mapping[str, Float[Tensor, "rows columns"]]


def draw_matrices(
    matrices: Matrices, rows: str = "queries", columns: str = "keys", *, has_sums: bool = False
) -> Picture:
    """Matrices side by side on one scale, with its colour bar and words on the axes.

    Negative numbers are orange, positive ones blue.

    Args:
        matrices: title -> numbers.
        rows: what a row stands for.
        columns: what a column stands for.
        has_sums: write the sums of rows to the right, those of columns below.
    """
    numbers = {name: each.detach() for name, each in matrices.items()}
    low = min(float(each.min()) for each in numbers.values())
    high = max(float(each.max()) for each in numbers.values())
    limits, cmap = (
        ((0.0, high), HEAT) if low >= 0 else ((-max(-low, high), max(-low, high)), SIGNED)
    )
    tall, wide = (
        max(len(each) for each in numbers.values()),
        sum(each.shape[1] for each in numbers.values()),
    )
    width = min(9.4, 0.9 + 0.5 * wide + 0.5 * len(numbers))
    height = min(4.0, 0.9 + 0.4 * tall + 0.25 * has_sums)
    figure, (areas,) = panels(1, len(numbers), width, height, has_frames=True)
    for axes, (name, each) in zip(areas, numbers.items(), strict=True):
        heat(axes, each, are_written=each.numel() <= FEW, limits=limits, cmap=cmap)
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(columns, fontsize=9, labelpad=18 if has_sums else 4)
        title_above(axes, name)
        if has_sums:
            _sums(axes, each)
    areas[0].set_ylabel(rows, fontsize=9)
    bar = figure.colorbar(axes.images[0], ax=list(areas), shrink=0.9, pad=0.03)
    bar.ax.tick_params(labelsize=8)
    sizes = "; ".join(f"{name}, {len(each)} by {each.shape[1]}" for name, each in numbers.items())
    scale = f"one scale from {limits[0]:.2g} to {limits[1]:.2g}"
    edges = " Sums of rows stand at the right, of columns below." if has_sums else ""
    return Picture(figure, f"Matrices, {rows} by {columns}, on {scale}: {sizes}.{edges}")


def _sums(axes: Axes, numbers: Tensor) -> None:
    height, width = numbers.shape
    for y, total in enumerate(numbers.sum(1).tolist()):
        write(axes, width - 0.4, y, f"{total:.2f}", 8, fontweight="bold")
    for x, total in enumerate(numbers.sum(0).tolist()):
        middle(axes, x, height - 0.42, f"{total:.2f}", 8, fontweight="bold", va="top")


def draw_product(
    q: Float[Tensor, "queries f"], k: Float[Tensor, "keys f"], v: Float[Tensor, "keys v"]
) -> Picture:
    """Attention as matrices: queries times transposed keys, softmax, times values."""
    scores = q @ k.T / q.shape[-1] ** 0.5
    weights = scores.softmax(-1)
    parts = {
        "Q": q, "transposed K": k.T, "scores": scores, "weights A": weights, "V": v,
        "output": weights @ v,
    }  # fmt: skip
    between = ("×", "/ √F\n=", "softmax\nof rows", "×", "=")
    shares = {"width_ratios": [each.shape[1] + 2.2 for each in parts.values()]}
    figure, (areas,) = panels(1, len(parts), 9.8, 1.9, **shares)
    top = max(float(each.abs().max()) for each in parts.values())
    for number, (axes, (name, each)) in enumerate(zip(areas, parts.items(), strict=True)):
        heat(axes, each, limits=(-top, top), cmap=SIGNED, form=".1f", aspect="equal")
        rows, columns = each.shape
        title_above(axes, f"{name}\n{rows} × {columns}", 8)
        if number < len(between):
            middle(axes, columns + 0.6, (rows - 1) / 2, between[number], 7)
    sizes = "; ".join(f"{name} {len(each)} by {each.shape[1]}" for name, each in parts.items())
    steps = "Q times transposed K, divided by the root of F, gives the scores; softmax of each row "
    return Picture(figure, f"{steps}gives the weights; times V gives the output. {sizes}.")


def draw_heads(rows: int, channels: int, heads: int) -> Picture:
    """Channels are split into heads, each head attends, and the results are merged again."""
    each, unit = channels // heads, 4.0
    figure, axes = sheet(100, 40, per_inch=10)
    top = (40 - unit * rows) / 2
    arrays = {"q": (4.0, ""), "output": (100 - 4.0 - unit * channels * 0.5, "")}
    for name, (left, _) in arrays.items():
        for column in range(channels):
            look = {"facecolor": HEADS[column // each % len(HEADS)], "edgecolor": "#FFFFFF"}
            box(axes, left + column * unit * 0.5, top, unit * 0.5, unit * rows, **look)
        middle(axes, left + channels * unit / 4, top - 2.5, f"[{rows}, {channels}]", 9)
        words = "channels of all heads" if name == "q" else "merged, then W_O"
        middle(axes, left + channels * unit / 4, top + unit * rows + 2.5, words, 8)
    gap = 38 / heads
    for head in range(heads):
        y, colour = 1.5 + head * gap, HEADS[head % len(HEADS)]
        look = {"facecolor": colour, "edgecolor": INK}
        box(axes, 40, y, 22, gap - 3, **look)
        middle(axes, 51, y + gap / 2 - 1.5, f"head {head}: attention\nwidth {each}", 8)
        end, start = arrays["q"][0] + channels * unit / 2, arrays["output"][0]
        arrow(axes, (end + 1, 20), (39.5, y + gap / 2 - 1.5))
        arrow(axes, (62.5, y + gap / 2 - 1.5), (start - 1, 20))
    alt = (
        f"{rows} rows of {channels} channels are split into {heads} heads of {each} channels. Each "
        f"head attends on its own; their outputs are merged into {channels} channels."
    )
    return Picture(figure, alt)


def draw_mask(mask: Bool[Tensor, "batch keys"], heads: int, queries: int) -> Picture:
    """A padding mask of a batch, and the same mask for every head and query of its samples."""
    batch, keys = mask.shape
    figure, grid = panels(batch, 1 + heads, 1.6 * (1 + heads), 0.5 + 0.9 * batch)
    for sample, areas in enumerate(grid):
        row = mask[sample : sample + 1].float()
        for number, axes in enumerate(areas):
            shown = row if number == 0 else row.expand(queries, keys)
            heat(axes, shown, limits=(0, 1), are_written=number == 0, aspect="equal", cmap=MASK)
            name = f"mask[{sample}]" if number == 0 else f"sample {sample}, head {number - 1}"
            title_above(axes, name, 8)
            for line in range(1, queries if number else 1):
                axes.axhline(line - 0.5, color="#FFFFFF", linewidth=1)
    hidden = [int((~each).sum()) for each in mask]
    alt = (
        f"A mask [{batch}, {keys}] is repeated for {heads} heads and {queries} queries: [{batch}, "
        f"{heads}, {queries}, {keys}]. Masked keys in each sample: {hidden}."
    )
    return Picture(figure, alt)
