"""Learned positions: how alike places are by the step between them."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from ...kit.picture import INK, Picture, ink_on, strip
from ...kit.token_pictures import cosine_similarity


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
        shown = axes.imshow(
            means.numpy(), cmap="cividis", vmin=-0.3, vmax=0.3, interpolation="nearest"
        )
        for y, x in torch.cartesian_prod(torch.arange(7), torch.arange(7)).tolist():
            ink = ink_on(shown.cmap(shown.norm(means[y, x].item())))
            axes.text(x, y, f"{means[y, x]:.1f}", ha="center", va="center", fontsize=7, color=ink)
        axes.set_title(title, fontsize=10, color=INK)
        told.append(f"{title}, one down {means[4, 3]:.1f}, one right {means[3, 4]:.1f}")
    return Picture(figure, f"Mean cosine of places by the step between them: {'; '.join(told)}.")
