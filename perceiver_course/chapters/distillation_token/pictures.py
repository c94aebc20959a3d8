"""The two tokens in front of the patches, and the heads that read them."""

import numpy as np
from einops import rearrange
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from ...kit.axes import AXES, Kind
from ...kit.images import as_shown
from ...kit.picture import INK, Picture, arrow

FIRST, LAST = 7, 2
FRONT = {"class": AXES["classes"], "distillation": AXES["queries"]}
WORDS = {"class": "class", "distillation": "distil-\nlation"}
DOTS = "\N{HORIZONTAL ELLIPSIS}"


def draw_token_strip(
    image: Float[Tensor, "colours height width"], grid: tuple[int, int], distilled: bool = True
) -> Picture:
    """A picture cut into patches, the sequence that is read, and the heads that read in the end.

    Tokens are numbered from 0; of many patches the middle ones are left out.

    Args:
        image: what is read; one or three colours.
        grid: (rows, columns) of patches.
        distilled: whether a distillation token stands behind the class token.
    """
    figure = Figure(figsize=(9.4, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2.1, 7))
    _cut(left, as_shown(image), grid)
    front = list(FRONT.items()) if distilled else list(FRONT.items())[:1]
    for place, (name, kind) in enumerate(front):
        _box(right, (place, 0), (1, 1), kind, WORDS[name])
        _box(right, (place, 2.4), (1, 0.7), kind, "head")
        arrow(right, (place + 0.5, 1.98), (place + 0.5, 2.46), size=8)
    patches = rearrange(as_shown(image), "(y h) (x w) ... -> (y x) h w ...", y=grid[0], x=grid[1])
    width = _patches(right, patches, len(front))
    _box(right, (0, 1.25), (width, 0.7), AXES["inputs"], "blocks: every token reads every token")
    for place in range(width):
        arrow(right, (place + 0.5, 0.98), (place + 0.5, 1.31), size=8)
    right.set(xlim=(0, width), ylim=(-0.5, 3.2), aspect="equal")
    right.set_axis_off()
    total = len(patches) + len(front)
    named = " and ".join(f"{place} the {name} token" for place, (name, _) in enumerate(front))
    return Picture(
        figure,
        f"A picture cut into {grid[0]} by {grid[1]} patches, and the {total} tokens that are "
        f"read: {named}, each with a head above it, then the patches row by row.",
    )


def _cut(axes: Axes, image: np.ndarray, grid: tuple[int, int]) -> None:
    height, width = image.shape[:2]
    axes.imshow(image, cmap="gray", interpolation="nearest")
    for row in range(1, grid[0]):
        axes.axhline(row * height / grid[0] - 0.5, color="white", linewidth=0.7)
    for column in range(1, grid[1]):
        axes.axvline(column * width / grid[1] - 0.5, color="white", linewidth=0.7)
    axes.set_axis_off()
    axes.set_title(f"{grid[0]} x {grid[1]} patches", fontsize=9, color=INK)


def _box(axes: Axes, corner: tuple, size: tuple, kind: Kind, words: str) -> None:
    (x, y), (width, height) = corner, size
    inside = (x + 0.06, y + 0.06), width - 0.12, height - 0.12
    axes.add_patch(Rectangle(*inside, facecolor=kind.colour))
    style = {"ha": "center", "va": "center", "fontsize": 8, "color": kind.ink}
    axes.text(x + width / 2, y + height / 2, words, **style)


def _patches(axes: Axes, patches: np.ndarray, start: int) -> int:
    """The first and the last patches with their numbers; returns how many places are taken."""
    shown = [*range(FIRST), None, *range(len(patches) - LAST, len(patches))]
    for place, number in enumerate(shown, start):
        middle = {"ha": "center", "va": "center", "color": INK}
        if number is None:
            axes.text(place + 0.5, 0.5, DOTS, fontsize=14, **middle)
            continue
        inside = (place + 0.06, place + 0.94, 0.06, 0.94)
        axes.imshow(patches[number], cmap="gray", vmin=0, vmax=1, extent=inside)
        axes.text(place + 0.5, -0.22, str(number + start), fontsize=8, **middle)
    for place in range(start):
        axes.text(place + 0.5, -0.22, str(place), fontsize=8, **middle)
    return start + len(shown)
