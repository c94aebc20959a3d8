"""Mask units: the reordering that makes Hiera simple.

Tokens are sorted so that those to be pooled together stand at equal distances in
memory. After that, max pooling is a max over one axis, attention inside a mask unit is
attention over another, and leaving out a mask unit is leaving out an index.
Paper: Hiera, arXiv 2306.00989, figure 3; "unroll" and "reroll" are its released code's.
"""

import math
from collections.abc import Sequence

from einops import rearrange, reduce, repeat
from jaxtyping import Float, Int
from torch import Tensor

from ..masks import mask_of, spread

Grid = tuple[int, ...]
# For one to three axes: a grid, and the same with the place inside a pool in the batch.
IN_A_POOL = {
    1: ("b (w r) c", "(b r) w c"),
    2: ("b (h q) (w r) c", "(b q r) h w c"),
    3: ("b (t p) (h q) (w r) c", "(b p q r) t h w c"),
}
UNITS_APART = {2: "b (h w) q r c", 3: "b (t h w) p q r c"}


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
    units_of(grid, pools)
    together, apart = IN_A_POOL[len(grid)]
    x = tokens.unflatten(1, grid)
    for pool in pools:
        x = rearrange(x, f"{together} -> {apart}", **_sides(pool))
    return x.reshape(tokens.shape)


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
    together, apart = IN_A_POOL[len(grid)]
    x = tokens.reshape(-1, *units_of(grid, pools), tokens.shape[-1])
    for pool in reversed(pools):
        x = rearrange(x, f"{apart} -> {together}", **_sides(pool))
    return x


def reroll_units(
    tokens: Float[Tensor, "batch tokens channels"], pools: Sequence[Grid]
) -> Float[Tensor, "batch units *unit_grid channels"]:
    """Put the tokens of every mask unit back on the unit's own grid; units may be missing.

    Args:
        tokens: in pooling order.
        pools: those that are still to come; together they make one token of a unit.
    """
    unit = unit_grid(pools, len(pools[0]) if pools else 2)
    by_unit = rearrange(tokens, "b (slots units) c -> (b units) slots c", slots=math.prod(unit))
    return rearrange(
        reroll(by_unit, unit, pools), "(b units) ... c -> b units ... c", b=tokens.shape[0]
    )


def join_units(
    tokens: Float[Tensor, "batch units *unit_grid channels"], units: Grid
) -> Float[Tensor, "batch *grid channels"]:
    """Put mask units side by side, so that their tokens lie on one grid.

    Args:
        tokens: of every mask unit, on the unit's own grid.
        units: mask units along each axis.
    """
    axes = len(units)
    sizes = dict(zip("thw"[-axes:], units, strict=True))
    return rearrange(tokens, f"{UNITS_APART[axes]} -> {IN_A_POOL[axes][0]}", **sizes)


def max_pool(
    tokens: Float[Tensor, "*batch tokens channels"], size: int
) -> Float[Tensor, "*batch pooled channels"]:
    """Max pooling of tokens in pooling order: `size` of them become one."""
    return reduce(tokens, "... (size pooled) c -> ... pooled c", "max", size=size)


def input_size(images: Tensor) -> Grid:
    """(Frames,) height and width of a batch, in pixels."""
    return (*images.shape[1:-3], *images.shape[-2:])


def hide_pixels(
    images: Float[Tensor, "batch *frames 3 height width"],
    kept: Int[Tensor, "batch kept"],
    unit_pixels: Grid,
) -> Float[Tensor, "batch *frames 3 height width"]:
    """Black out the hidden units, so that patches which overlap them learn nothing of them.

    Args:
        images: of any size that mask units tile.
        kept: numbers of the units that may be seen.
        unit_pixels: pixels of a mask unit along each axis.
    """
    sizes = zip(input_size(images), unit_pixels, strict=True)
    units = tuple(side // pixels for side, pixels in sizes)
    return images * spread(mask_of(kept, units), units, unit_pixels).unsqueeze(-3)


def visible_tokens(
    tokens: Float[Tensor, "batch tokens channels"], kept: Int[Tensor, "batch kept"], units: int
) -> Float[Tensor, "batch kept_tokens channels"]:
    """Tokens of the kept units only; in pooling order they stand apart by `units`.

    Args:
        tokens: of all units, in pooling order.
        kept: numbers of the units to keep.
        units: how many there are.
    """
    by_unit = rearrange(tokens, "b (slots units) c -> b slots units c", units=units)
    index = repeat(kept, "b kept -> b slots kept c", slots=by_unit.shape[1], c=tokens.shape[-1])
    return rearrange(by_unit.gather(2, index), "b slots kept c -> b (slots kept) c")


def unit_grid(pools: Sequence[Grid], num_axes: int) -> Grid:
    """Tokens of a mask unit along each axis, if `pools` make one token of it.

    >>> unit_grid([(2, 2)] * 3, 2), unit_grid([(1, 2, 2)] * 3, 3)
    ((8, 8), (1, 8, 8))
    """
    return tuple(math.prod([pool[axis] for pool in pools]) for axis in range(num_axes))


def units_of(grid: Grid, pools: Sequence[Grid]) -> Grid:
    """Mask units along each axis of a grid of tokens.

    Raises:
        ValueError: if they do not tile it.
    """
    unit = unit_grid(pools, len(grid))
    if any(side % size for side, size in zip(grid, unit, strict=True)):
        raise ValueError(
            f"expected a grid of whole mask units of {by(unit)} tokens, got {by(grid)} tokens."
        )
    return tuple(side // size for side, size in zip(grid, unit, strict=True))


def by(sizes: Grid) -> str:
    """Sizes in words: 8 x 8."""
    return " x ".join(map(str, sizes))


def _sides(pool: Grid) -> dict[str, int]:
    return dict(zip("pqr"[-len(pool) :], pool, strict=True))
