"""Tokens drawn: those before the patches, block by block, and how alike they are."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor
from torch.nn.functional import normalize

from .charts import COLOURS, DASHES, MARKERS
from .picture import INK, Picture, open_frame, strip


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


def draw_similarity_maps(
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
