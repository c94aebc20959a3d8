"""Learned positions: how alike places are by the step between them."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from ...kit.charts import heat
from ...kit.picture import Picture, panels, title_above


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
    alike = cosine_similarity(table[:, None], table, dim=-1).reshape(rows, columns, rows, columns)
    means = torch.zeros(2 * reach + 1, 2 * reach + 1)
    for down, right in torch.cartesian_prod(*[torch.arange(-reach, reach + 1)] * 2).tolist():
        pairs = alike.diagonal(down, 0, 2).diagonal(right, 0, 1)
        means[down + reach, right + reach] = pairs.mean()
    return means


def draw_steps(
    tables: Mapping[str, Float[Tensor, "cells channels"]], index_dims: tuple[int, int]
) -> Picture:
    """For each table, how alike places are on average that are up to three steps apart.

    Args:
        tables: title -> one row for each cell of the grid.
        index_dims: (rows, columns) of the grid.
    """
    figure, (row,) = panels(1, len(tables), 3.0 * len(tables), 3.0)
    told = []
    for axes, (title, table) in zip(row, tables.items(), strict=True):
        means = (10 * by_step(table.detach(), index_dims)).round() / 10 + 0.0
        heat(axes, means, form=".1f", cmap="cividis", limits=(-0.3, 0.3), aspect="equal")
        title_above(axes, title, 10)
        told.append(f"{title}, one down {means[4, 3]:.1f}, one right {means[3, 4]:.1f}")
    return Picture(figure, f"Mean cosine of places by the step between them: {'; '.join(told)}.")
