"""Queries taken apart: what 802,816 pixels ask is the sum of 16 + 224 + 224 rows.

A query about a pixel of a video is its time, row and column in sines and cosines, side by
side in channels of their own. Written as three rows that are zero in the channels of the
others, a query is their sum; and whatever is linear in the query can be computed for the
few rows, and added up for the many queries.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..perceiver.queries import GridQueries, LearnedQueries
from ..positions import axis_coordinates, fourier_features


@dataclass(frozen=True)
class SummedQueries:
    """Queries as sums of rows, one out of each table; no two tables use the same channel.

    Attributes:
        tables: one for each axis.
    """

    tables: list[Float[Tensor, "_cells channels"]]

    def rows(self, points: Int[Tensor, " points"]) -> Int[Tensor, "points tables"]:
        """Which rows of all tables, stacked, make up each query."""
        sizes = [len(table) for table in self.tables]
        starts = torch.tensor([0, *sizes[:-1]], device=points.device).cumsum(0)
        return torch.stack(torch.unravel_index(points, sizes), dim=-1) + starts


def take_apart(
    queries: GridQueries | LearnedQueries, padding: Float[Tensor, "1 padding"]
) -> SummedQueries:
    """The tables of which padded queries are sums.

    Args:
        queries: of one modality.
        padding: channels that all of them get.

    >>> grid = GridQueries((2, 3), num_bands=1)
    >>> apart = take_apart(grid, torch.ones(1, 1))
    >>> [tuple(table.shape) for table in apart.tables]
    [(2, 7), (3, 7)]
    >>> apart.rows(torch.tensor([5])).tolist()
    [[1, 4]]
    """
    if isinstance(queries, LearnedQueries):
        tables = [queries.rows]
    else:
        tables = [_axis_table(queries, axis) for axis in range(len(queries.index_dims))]
    first, *others = tables
    first = torch.cat([first, padding.expand(len(first), -1)], dim=-1)
    zeros = torch.zeros_like(padding)
    others = [torch.cat([table, zeros.expand(len(table), -1)], dim=-1) for table in others]
    return SummedQueries([first, *others])


def _axis_table(queries: GridQueries, axis: int) -> Float[Tensor, "cells channels"]:
    """What every cell along one axis says, in the channels that `fourier_features` gives it."""
    cells, axes, bands = queries.index_dims[axis], len(queries.index_dims), queries.num_bands
    where = axis_coordinates(cells, queries.convention)[:, None]
    features = fourier_features(where, bands, (queries.max_resolution[axis],))
    table = torch.zeros(cells, queries.num_channels)
    table[:, axis] = features[:, 0]
    sines = axes + axis * bands
    cosines = sines + axes * bands
    table[:, sines : sines + bands] = features[:, 1 : 1 + bands]
    table[:, cosines : cosines + bands] = features[:, 1 + bands :]
    return table


def moments(table: Float[Tensor, "cells channels"]) -> Float[Tensor, "cells two=2"]:
    """Each row's share in the mean of a query, and in the mean of its squares."""
    return torch.stack([table.mean(-1), table.square().mean(-1)], dim=-1)
