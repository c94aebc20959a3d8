"""Tables of positions: some channels as images, and how alike places are."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from .curve_words import rounded
from .images import draw_maps
from .picture import Picture, panels, show, title_above

LIMITS = {"vmin": -1, "vmax": 1}


def draw_bands(
    features: Float[Tensor, "cells channels"],
    index_dims: tuple[int, int],
    channels: tuple[int, ...],
) -> Picture:
    """Some channels of a position encoding, each as an image over its grid.

    Args:
        features: one row for each cell.
        index_dims: (rows, columns) of the grid.
        channels: which to show.
    """
    maps = [features[:, channel].detach().reshape(index_dims) for channel in channels]
    titles = [f"channel {channel}" for channel in channels]
    named, size = ", ".join(map(str, channels)), f"{index_dims[0]} by {index_dims[1]}"
    alt = f"Channels {named} of the position encoding over a grid of {size} cells."
    return Picture(draw_maps({"": maps}, titles, limits=(-1, 1)).figure, alt)


def draw_similarities(
    codes: Mapping[str, Float[Tensor, "cells _"]],
    index_dims: tuple[int, int],
    cell: tuple[int, int],
) -> Picture:
    """How alike one place and all others are, in one or several ways of writing places.

    Args:
        codes: title -> one row for each cell.
        index_dims: (rows, columns) of the grid.
        cell: (row, column) of the place to compare with.
    """
    figure, (row,) = panels(1, len(codes), 0.6 + 2.2 * max(len(codes), 1.4), 2.5)
    told = []
    for axes, (title, code) in zip(row, codes.items(), strict=True):
        here = code[cell[0] * index_dims[1] + cell[1]]
        alike = cosine_similarity(code.detach(), here.detach(), dim=-1).reshape(index_dims)
        shown = show(axes, alike, **LIMITS)
        axes.plot(cell[1], cell[0], marker="+", color="white", markersize=9)
        title_above(axes, title)
        told.append(f"{title}, {_near_and_far(alike, cell)}")
    figure.colorbar(shown, ax=row, shrink=0.85, label="cosine")
    place = f"row {cell[0]}, column {cell[1]} of {index_dims[0]} by {index_dims[1]} cells"
    return Picture(figure, f"How alike {place} and all others are: {'; '.join(told)}.")


def _near_and_far(alike: Float[Tensor, "rows columns"], cell: tuple[int, int]) -> str:
    """The cosine on average close by, along the place's row and column, and elsewhere."""
    down = (torch.arange(alike.shape[0]) - cell[0]).abs()[:, None]
    right = (torch.arange(alike.shape[1]) - cell[1]).abs()
    nearest, farthest = torch.minimum(down, right), torch.maximum(down, right)
    where = {
        "close by": farthest == 1,
        "along its row and column": (nearest == 0) & (farthest > 1),
        "elsewhere": (nearest > 0) & (farthest > 1),
    }
    means = {words: alike[cells].mean().item() for words, cells in where.items()}
    return ", ".join(f"{rounded(mean, 2.0)} {words}" for words, mean in means.items())


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
    figure, (row,) = panels(1, len(tables), 3.6 * len(tables) + 0.5, 3.7)
    near, means = neighbours(index_dims).bool(), []
    for axes, (title, table) in zip(row, tables.items(), strict=True):
        maps = torch.full((rows, rows + 1, columns, columns + 1), torch.nan)
        alike = cosine_similarity(table[:, None], table, dim=-1).detach()
        alike_by_place = alike.reshape(rows, columns, rows, columns)
        maps[:, :rows, :, :columns] = alike_by_place.transpose(1, 2)
        shown = show(axes, maps.flatten(2).flatten(0, 1)[:-1, :-1], **LIMITS)
        title_above(axes, title, 10)
        means.append(f"{title}, {alike[near].mean():.1f}")
    figure.colorbar(shown, ax=row, shrink=0.7, label="cosine")
    alt = (
        f"For each of {rows} by {columns} places a map of how alike it is to all of them; on "
        f"average, touching places have a cosine of: {'; '.join(means)}."
    )
    return Picture(figure, alt)
