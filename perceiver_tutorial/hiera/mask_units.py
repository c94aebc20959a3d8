"""Mask units: the reordering that makes Hiera simple.

Tokens are sorted so that those to be pooled together stand at equal distances in
memory. After that, max pooling is a max over one axis, attention inside a mask unit is
attention over another, and leaving out a mask unit is leaving out an index.
Paper: Hiera, arXiv 2306.00989, figure 3; "unroll" and "reroll" are its released code's.
"""

from collections.abc import Sequence

from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor

Grid = tuple[int, ...]
AXES = "tyx"  # time, row, column: the last so many of them


def unroll(
    tokens: Float[Tensor, "batch tokens channels"], grid: Grid, pools: Sequence[Grid]
) -> Float[Tensor, "batch tokens channels"]:
    """Sort row-major tokens for pooling.

    With pools of 2 a token's row is spelled in binary, `... y2 y1`, and its column
    `... x2 x1`. Pooling order reads the finest digits first: (y1 x1)(y2 x2)...(unit).

    Args:
        tokens: row by row (frame by frame).
        grid: tokens along each axis: (height, width), or (frames, height, width).
        pools: how many tokens along each axis each pooling makes one, first to last.

    Raises:
        ValueError: if the pools do not divide the grid.

    >>> import torch
    >>> unroll(torch.arange(8.0).view(1, 8, 1), (2, 4), [(2, 2)]).flatten().int().tolist()
    [0, 2, 1, 3, 4, 6, 5, 7]
    """
    spatial, unrolled, sizes = _digits(grid, pools)
    rows = " ".join(part for axis in spatial for part in axis)
    return rearrange(tokens, f"b ({rows}) c -> b ({unrolled}) c", **sizes)


def reroll(
    tokens: Float[Tensor, "batch tokens channels"], grid: Grid, pools: Sequence[Grid]
) -> Float[Tensor, "batch *grid channels"]:
    """Put tokens in pooling order back on their grid.

    Args:
        tokens: in pooling order.
        grid: tokens along each axis, now: after some pooling it is smaller.
        pools: those that are still to come.

    Raises:
        ValueError: if the pools do not divide the grid.
    """
    spatial, unrolled, sizes = _digits(grid, pools)
    axes = " ".join(f"({' '.join(axis)})" for axis in spatial)
    return rearrange(tokens, f"b ({unrolled}) c -> b {axes} c", **sizes)


def reroll_units(
    tokens: Float[Tensor, "batch tokens channels"], pools: Sequence[Grid]
) -> Float[Tensor, "batch units *unit_grid channels"]:
    """Put the tokens of every mask unit back on the unit's own grid; units may be missing.

    Args:
        tokens: in pooling order.
        pools: those that are still to come; together they make one token of a unit.
    """
    unit = unit_grid(pools, len(pools[0]) if pools else 2)
    spatial, unrolled, sizes = _digits(unit, pools)
    axes = " ".join(f"({' '.join(axis[1:])})" for axis in spatial)
    units = " ".join(axis[0] for axis in spatial)
    sizes = {name: size for name, size in sizes.items() if not name.startswith("u")}
    pattern = unrolled.removesuffix(units) + "units"
    return rearrange(tokens, f"b ({pattern}) c -> b units {axes} c", **sizes)


def join_units(
    tokens: Float[Tensor, "batch units *unit_grid channels"], units: Grid
) -> Float[Tensor, "batch *grid channels"]:
    """Put mask units side by side, so that their tokens lie on one grid.

    Args:
        tokens: of every mask unit, on the unit's own grid.
        units: mask units along each axis.
    """
    names = AXES[-len(units) :]
    inside = " ".join(names)
    outside = " ".join(f"u{n}" for n in names)
    joined = " ".join(f"(u{n} {n})" for n in names)
    sizes = {f"u{n}": size for n, size in zip(names, units, strict=True)}
    return rearrange(tokens, f"b ({outside}) {inside} c -> b {joined} c", **sizes)


def unit_grid(pools: Sequence[Grid], num_axes: int) -> Grid:
    """Tokens of a mask unit along each axis, if `pools` make one token of it.

    >>> unit_grid([(2, 2)] * 3, 2), unit_grid([(1, 2, 2)] * 3, 3)
    ((8, 8), (1, 8, 8))
    """
    sizes = [1] * num_axes
    for pool in pools:
        sizes = [size * factor for size, factor in zip(sizes, pool, strict=True)]
    return tuple(sizes)


def pool(
    tokens: Float[Tensor, "batch tokens channels"], size: int
) -> Float[Tensor, "batch pooled channels"]:
    """Max pooling of tokens in pooling order: `size` of them become one."""
    return reduce(tokens, "b (size pooled) c -> b pooled c", "max", size=size)


def _digits(grid: Grid, pools: Sequence[Grid]) -> tuple[list[list[str]], str, dict[str, int]]:
    """Names for the digits of every axis, coarsest first; the pooling order; their sizes."""
    names = AXES[-len(grid) :]
    unit = unit_grid(pools, len(grid))
    if any(side % size for side, size in zip(grid, unit, strict=True)):
        raise ValueError(
            f"expected a grid of whole mask units of {by(unit)} tokens, got {by(grid)} tokens."
        )
    levels = range(1, len(pools) + 1)
    spatial = [[f"u{n}", *(f"{n}{level}" for level in reversed(levels))] for n in names]
    finest_first = [f"{n}{level}" for level in levels for n in names]
    sizes = {
        f"{n}{i}": p for i, one in enumerate(pools, 1) for n, p in zip(names, one, strict=True)
    }
    sizes |= {f"u{n}": side // size for n, side, size in zip(names, grid, unit, strict=True)}
    return spatial, " ".join([*finest_first, *(f"u{n}" for n in names)]), sizes


def by(sizes: Grid) -> str:
    """Sizes as one says them: 8 x 8."""
    return " x ".join(map(str, sizes))
