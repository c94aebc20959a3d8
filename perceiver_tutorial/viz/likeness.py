"""How alike all places are written: a small map for each place, and their mean by distance."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from ..doors import checked
from .picture import INK, Picture, strip


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
