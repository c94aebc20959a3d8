"""Which outputs are asked for, which answers come, and what they cost."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from .axes import AXES
from .page import BOLD, Page
from .picture import INK, Picture

# In pixels; a panel holds 16 or 32 cells in whole pixels.
WIDTH, HEIGHT, MARGIN, SIDE, TOP = 800, 478, 8, 256, 92
BAR, BARS_LEFT, BARS_WIDE = 26, 190, 480
NOTHING = {"facecolor": "#F4F4F4", "edgecolor": "#999999", "hatch": "////", "linewidth": 0,
           "zorder": -1}  # fmt: skip
PIECES = (  # takes turns, chunk by chunk
    {"color": AXES["queries"].colour, "marker": "o"},
    {"color": AXES["inputs"].colour, "marker": "s"},
)


def draw_asked(
    read: Float[Tensor, "3 height width"],
    asked: Bool[Tensor, "rows columns"],
    answers: Float[Tensor, "asked colours=3"],
    full: Float[Tensor, "rows columns colours=3"],
    chunk_size: int | None,
    costs: Mapping[str, float],
    told: tuple[str, str],
) -> Picture:
    """The places that are asked for, the answers alone, all answers, and the costs to scale.

    Args:
        read: the picture that was encoded, colours from 0 to 1.
        asked: which cells of a grid over the picture; it may be finer than the picture.
        answers: for the cells that are asked for, row by row.
        full: for all cells.
        chunk_size: queries that are answered together; None for all of them.
        costs: what -> millions of operations.
        told: two lines above, the first in bold.
    """
    page = Page(WIDTH, HEIGHT)
    page.write(MARGIN, 18, told[0], {"fontsize": 12, **BOLD})
    page.write(MARGIN, 42, told[1])
    left, middle, right = (page.panel(_left(n), TOP, SIDE, SIDE) for n in range(3))
    _show(left, read.movedim(0, -1))
    _dot(left, asked, chunk_size, read.shape[1])
    _show(right, full)
    middle.add_patch(Rectangle((0, 0), 1, 1, transform=middle.transAxes, **NOTHING))
    _show(middle, _only(asked, answers))
    rows, columns = asked.shape
    titles = ("read once, asked at the dots", "answers to these queries",
              f"all {rows * columns:,} answers of this frame")  # fmt: skip
    for number, title in enumerate(titles):
        page.write(_left(number), TOP - 14, title)
    _draw_costs(page, costs)
    listed = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
    return Picture(page.figure, f"{told[0]}. {told[1]} Millions of operations: {listed}.")


def _only(asked: Tensor, answers: Tensor) -> Float[Tensor, "rows columns rgba=4"]:
    """Answers where they were asked for; elsewhere one sees through."""
    shown = torch.zeros(*asked.shape, 4)
    shown[asked] = torch.cat([answers.clamp(0, 1), torch.ones(len(answers), 1)], dim=1)
    return shown


def _dot(axes: Axes, asked: Tensor, chunk_size: int | None, side: int) -> None:
    """A dot on every place, in two looks that take turns chunk by chunk."""
    y, x = asked.nonzero().numpy().T * side / len(asked)
    chunk = np.arange(len(x)) // (chunk_size or len(x)) % 2
    size = min(5.0, 96 / len(asked))
    look = {"linestyle": "", "markersize": size, "markeredgecolor": "white", "markeredgewidth": 0.4,
            "clip_on": False}  # fmt: skip
    for number, piece in enumerate(PIECES):
        axes.plot(x[chunk == number], y[chunk == number], **piece, **look)


def _draw_costs(page: Page, costs: Mapping[str, float]) -> None:
    """Bars to one scale, each with its number behind it."""
    top = TOP + SIDE + 34
    page.write(MARGIN, top - 16, "cost, in millions of operations", BOLD)
    axes = page.panel(0, top, WIDTH, len(costs) * BAR)
    axes.set(xlim=(0, WIDTH), ylim=(len(costs) * BAR, 0))
    looks = ("latents", "queries", "queries")
    for line, ((name, cost), kind) in enumerate(zip(costs.items(), looks, strict=True)):
        wide = BARS_WIDE * cost / max(costs.values())
        hatch = "////" if line == 1 else None
        look = {"facecolor": AXES[kind].colour, "edgecolor": INK, "linewidth": 0.6, "hatch": hatch}
        axes.add_patch(Rectangle((BARS_LEFT, line * BAR + 3), wide, BAR - 8, **look))
        page.write(BARS_LEFT - 8, top + (line + 0.5) * BAR, name, {"ha": "right"})
        page.write(BARS_LEFT + wide + 8, top + (line + 0.5) * BAR, f"{cost:.2f}")


def _left(number: int) -> int:
    return MARGIN + number * (SIDE + MARGIN)


def _show(axes: Axes, picture: Tensor) -> None:
    axes.imshow(picture.clamp(0, 1).numpy(), interpolation="nearest", aspect="auto")
    axes.set_autoscale_on(False)
