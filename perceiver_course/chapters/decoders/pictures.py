"""What is asked: pictures with more and fewer pixels, and what a pixel's query reads."""

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from ...kit.axes import AXES
from ...kit.picture import INK, Picture, strip

ASKED = LinearSegmentedColormap.from_list("asked", ["white", AXES["latents"].colour])


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
