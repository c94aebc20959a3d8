"""Tokens drawn: those before the patches, block by block, and how alike they are."""

from collections.abc import Mapping

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from torch import Tensor
from torch.nn.functional import normalize

from perceiver_tutorial.doors import checked

from .axes import AXES, Kind
from .charts import COLOURS, DASHES, MARKERS
from .images import as_shown
from .picture import INK, Picture, arrow, open_frame, strip

FIRST, LAST = 7, 2
FRONT = {"class": AXES["classes"], "distillation": AXES["queries"]}
WORDS = {"class": "class", "distillation": "distil-\nlation"}
DOTS = "\N{HORIZONTAL ELLIPSIS}"


@checked
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


@checked
def draw_by_block(curves: Mapping[str, Float[Tensor, " layers"]], title: str) -> Picture:
    """One number for every layer, from what enters the first block to what leaves the last.

    Args:
        curves: title -> a number from about 0 to 1 for the input and for each block.
        title: above the curves; what the numbers are.
    """
    figure = Figure(figsize=(6.4, 2.9), layout="constrained")
    axes = figure.add_subplot()
    for number, (name, values) in enumerate(curves.items()):
        look = {"color": COLOURS[number % 4], "linestyle": DASHES[number % 4]}
        axes.plot(values.numpy(), marker=MARKERS[number % 4], markersize=5, label=name, **look)
    axes.axhline(0, color="#BBBBBB", linewidth=0.8, zorder=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="blocks passed", ylim=(None, 1.05))
    axes.set_title(title, fontsize=10, color=INK)
    axes.legend(frameon=False, fontsize=8)
    open_frame(axes)
    told = (f"{name} from {float(v[0]):.2f} to {float(v[-1]):.2f}" for name, v in curves.items())
    return Picture(figure, f"{title}, block by block: {'; '.join(told)}.")


def cosine_similarity(
    rows: Float[Tensor, "rows channels"], others: Float[Tensor, "others channels"]
) -> Float[Tensor, "rows others"]:
    """The cosine between every row of one table and every row of another.

    What all rows have in common makes them alike. To compare what is left, take it away
    first: `table - table.mean(0)`.

    >>> table = torch.tensor([[4.0, 3.0], [4.0, -3.0]])
    >>> cosine_similarity(table, table)
    tensor([[1.0000, 0.2800],
            [0.2800, 1.0000]])
    """
    return normalize(rows, dim=-1) @ normalize(others, dim=-1).T


def neighbours(index_dims: tuple[int, int]) -> Float[Tensor, "cells cells"]:
    """1 where two cells of a grid touch with a side, else 0.

    >>> neighbours((1, 3))
    tensor([[0., 1., 0.],
            [1., 0., 1.],
            [0., 1., 0.]])
    """
    rows, columns = index_dims
    places = torch.cartesian_prod(torch.arange(rows), torch.arange(columns))
    steps = (places[:, None] - places[None]).abs().sum(-1)
    return (steps == 1).float()


def by_step(
    table: Float[Tensor, "cells channels"], index_dims: tuple[int, int], reach: int = 3
) -> Float[Tensor, "2*{reach}+1 2*{reach}+1"]:
    """The mean cosine of all pairs of places that are the same step apart.

    Args:
        table: one row for each cell of the grid.
        index_dims: (rows, columns) of the grid.
        reach: the longest step down, up, right and left, in cells.

    Returns:
        In the middle the step (0, 0), below it one row down, right of it one column right.
    """
    rows, columns = index_dims
    alike = cosine_similarity(table, table).reshape(rows, columns, rows, columns)
    means = torch.zeros(2 * reach + 1, 2 * reach + 1)
    for down, right in torch.cartesian_prod(*[torch.arange(-reach, reach + 1)] * 2).tolist():
        pairs = alike.diagonal(down, 0, 2).diagonal(right, 0, 1)
        means[down + reach, right + reach] = pairs.mean()
    return means


@checked
def draw_likeness(
    tables: Mapping[str, Float[Tensor, "cells channels"]], index_dims: tuple[int, int]
) -> Picture:
    """For each table a grid of maps; the map in row y, column x compares that place with all.

    Args:
        tables: title -> one row for each cell of the grid.
        index_dims: (rows, columns) of the grid.
    """
    rows, columns = index_dims
    figure, row = strip(len(tables), width=3.6 * len(tables) + 0.5, height=3.7)
    near, means = neighbours(index_dims).bool(), []
    for axes, (title, table) in zip(row, tables.items(), strict=True):
        maps = torch.full((rows, rows + 1, columns, columns + 1), torch.nan)
        alike = cosine_similarity(table.detach(), table.detach())
        alike_by_place = alike.reshape(rows, columns, rows, columns)
        maps[:, :rows, :, :columns] = alike_by_place.transpose(1, 2)
        mosaic = maps.flatten(2).flatten(0, 1)[:-1, :-1].numpy()
        shown = axes.imshow(mosaic, cmap="cividis", vmin=-1, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=10, color=INK)
        means.append(f"{title}, {alike[near].mean():.1f}")
    figure.colorbar(shown, ax=row, shrink=0.7, label="cosine")
    alt = (
        f"For each of {rows} by {columns} places a map of how alike it is to all of them; on "
        f"average, touching places have a cosine of: {'; '.join(means)}."
    )
    return Picture(figure, alt)


@checked
def draw_steps(
    tables: Mapping[str, Float[Tensor, "cells channels"]], index_dims: tuple[int, int]
) -> Picture:
    """For each table, how alike places are on average that are up to three steps apart.

    Args:
        tables: title -> one row for each cell of the grid.
        index_dims: (rows, columns) of the grid.
    """
    figure, row = strip(len(tables), width=3.0 * len(tables), height=3.0)
    told = []
    for axes, (title, table) in zip(row, tables.items(), strict=True):
        means = (10 * by_step(table.detach(), index_dims)).round() / 10 + 0.0
        axes.imshow(means.numpy(), cmap="cividis", vmin=-0.3, vmax=0.3, interpolation="nearest")
        for y, x in torch.cartesian_prod(torch.arange(7), torch.arange(7)).tolist():
            ink = "black" if means[y, x] > 0 else "white"
            axes.text(x, y, f"{means[y, x]:.1f}", ha="center", va="center", fontsize=7, color=ink)
        axes.set_title(title, fontsize=10, color=INK)
        told.append(f"{title}, one down {means[4, 3]:.1f}, one right {means[3, 4]:.1f}")
    return Picture(figure, f"Mean cosine of places by the step between them: {'; '.join(told)}.")
