"""What is asked and what is answered: lanes from queries to answers, pixels and their latents."""

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from perceiver_tutorial.tracing import Walk

from .axes import AXES
from .picture import INK, Picture, arrow, blank, strip

ASKED = LinearSegmentedColormap.from_list("asked", ["white", AXES["latents"].colour])
# Left edge and width of each column of `draw_query_map`.
QUERIES, LATENTS, OUTPUTS, ANSWERS = (0.0, 2.6), (3.7, 1.5), (6.3, 2.3), (9.4, 2.2)


def draw_query_map(walk: Walk) -> Picture:
    """From queries through the latents to answers: one lane for each kind of question.

    Args:
        walk: of any Perceiver.
    """
    queries, outputs, answers = (_sizes(walk, name) for name in ("queries", "decoder", "answer"))
    latents = _times(walk["encoder"].shape[1:])
    lanes = len(queries)
    figure, axes = blank(9.5, 0.9 + 0.55 * lanes)
    _box(axes, LATENTS, (-0.9, lanes - 0.1), f"latents\n{latents}", "latents")
    for lane, (name, asked) in enumerate(queries.items()):
        y = lanes - 1 - lane
        _box(axes, QUERIES, (y - 0.35, y + 0.35), f"{name} {asked}".strip(), "queries")
        _box(axes, OUTPUTS, (y - 0.35, y + 0.35), outputs[name], "queries")
        _box(axes, ANSWERS, (y - 0.35, y + 0.35), answers[name], "batch")
        for left, right in ((QUERIES, LATENTS), (LATENTS, OUTPUTS), (OUTPUTS, ANSWERS)):
            arrow(axes, (sum(left) + 0.05, y), (right[0] - 0.05, y))
    titles = {"queries": QUERIES, "read": LATENTS, "output array": OUTPUTS, "answer": ANSWERS}
    for title, (left, width) in titles.items():
        axes.text(left + width / 2, lanes, title, ha="center", va="bottom", fontsize=9, color=INK)
    axes.set(xlim=(-0.2, 11.8), ylim=(-1.0, lanes + 0.4))
    told = (
        f"{name} {asked} give outputs {outputs[name]} and the answer {answers[name]}".strip()
        for name, asked in queries.items()
    )
    return Picture(figure, f"{walk.title}: queries read {latents} latents. {'; '.join(told)}.")


def draw_resolutions(
    pictures: Sequence[Float[Tensor, "3 _height _width"]], titles: Sequence[str]
) -> Picture:
    """Pictures with different numbers of pixels, all drawn equally large.

    Args:
        pictures: colours from 0 to 1; what lies outside is cut off.
        titles: one for each; its size in pixels is written below.
    """
    figure, row = strip(len(pictures), min(9.5, 2.4 * len(pictures)), 2.75)
    told = []
    for axes, picture, title in zip(row, pictures, titles, strict=True):
        size = f"{picture.shape[-2]} x {picture.shape[-1]}"
        axes.imshow(picture.clamp(0, 1).movedim(0, -1).numpy(), interpolation="nearest")
        axes.set_title(f"{title}\n{size}", fontsize=9, color=INK)
        told.append(f"{title}, {size} pixels")
    return Picture(figure, f"Pictures drawn equally large: {'; '.join(told)}.")


def draw_pixel_questions(
    picture: Float[Tensor, "3 height width"],
    cells: Sequence[tuple[int, int]],
    weights: Float[Tensor, "cells latents"],
) -> Picture:
    """Some output pixels, and which latents each of them reads.

    Args:
        picture: colours from 0 to 1.
        cells: (row, column) of each pixel.
        weights: their attention over the latents; every row sums to 1.
    """
    figure = Figure(figsize=(9.0, 2.7), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 2.6))
    left.imshow(picture.clamp(0, 1).movedim(0, -1).numpy(), interpolation="nearest")
    left.set_axis_off()
    for number, (y, x) in enumerate(cells):
        box = {"boxstyle": "circle,pad=0.3", "facecolor": "white", "edgecolor": INK}
        left.text(x, y, str(number), ha="center", va="center", fontsize=8, color=INK, bbox=box)
    shown = right.imshow(weights.numpy(), cmap=ASKED, vmin=0, aspect="auto")
    right.set_yticks(range(len(cells)), [f"pixel {number}" for number in range(len(cells))])
    right.set_xlabel("latent", fontsize=9)
    right.set_title("what each pixel's query reads", fontsize=9, color=INK)
    figure.colorbar(shown, ax=right, shrink=0.9)
    most = [f"pixel {n} reads latent {row.argmax()} most" for n, row in enumerate(weights)]
    return Picture(figure, f"{len(cells)} pixels and their attention: {', '.join(most)}.")


def _sizes(walk: Walk, name: str) -> dict[str, str]:
    return {output.key: _times(output.sizes[1:]) for output in walk[name].outputs}


def _times(sizes: Sequence[int]) -> str:
    return " x ".join(f"{n:,}" for n in sizes)


def _box(axes: Axes, column: tuple, span: tuple, text: str, kind: str) -> None:
    (left, width), (low, high) = column, span
    shape = Rectangle((left, low), width, high - low, facecolor=AXES[kind].colour, edgecolor=INK)
    shape.set_alpha(0.55)
    axes.add_patch(shape)
    middle = (left + width / 2, (low + high) / 2)
    axes.text(*middle, text, ha="center", va="center", fontsize=9, color=INK)
