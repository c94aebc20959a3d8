"""What is asked: which latents a pixel's query reads."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from ...kit.charts import HEAT
from ...kit.picture import INK, Picture, middle, panels, show, title_above


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
    figure, ((left, right),) = panels(1, 2, 9.0, 2.7, width_ratios=(1, 2.6))
    show(left, picture.clamp(0, 1))
    for number, (y, x) in enumerate(cells):
        disc = {"boxstyle": "circle,pad=0.3", "facecolor": "white", "edgecolor": INK}
        middle(left, x, y, str(number), bbox=disc)
    shown = show(right, weights, cmap=HEAT, vmin=0, aspect="auto")
    right.set_axis_on()
    right.set_yticks(range(len(cells)), [f"pixel {number}" for number in range(len(cells))])
    right.set_xlabel("latent", fontsize=9)
    title_above(right, "what each pixel's query reads")
    figure.colorbar(shown, ax=right, shrink=0.9)
    most = [f"pixel {n} reads latent {row.argmax()} most" for n, row in enumerate(weights)]
    return Picture(figure, f"{len(cells)} pixels and their attention: {', '.join(most)}.")
