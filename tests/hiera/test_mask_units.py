"""Mask units: unroll and reroll on grids of one, two and three axes."""

import math
from itertools import product

import pytest
import torch

from perceiver_tutorial.hiera import join_units, max_pool, reroll, reroll_units, unroll

GRIDS = {
    "line": ((24,), [(2,), (2,), (2,)]),
    "line of threes": ((18,), [(3,), (3,)]),
    "square": ((8, 8), [(2, 2)] * 3),
    "wide": ((8, 24), [(2, 2)] * 3),
    "high, uneven pools": ((12, 10), [(2, 1), (3, 5)]),
    "nothing to pool": ((3, 5), []),
    "video": ((3, 8, 16), [(1, 2, 2)] * 3),
    "time too": ((4, 6, 2), [(2, 3, 2)]),
}
grids = pytest.mark.parametrize("grid, pools", GRIDS.values(), ids=GRIDS)


def tokens(grid, channels=5):
    return torch.randn(2, math.prod(grid), channels)


@grids
def test_reroll_undoes_unroll(grid, pools):
    raw = tokens(grid)
    assert torch.equal(reroll(unroll(raw, grid, pools), grid, pools), raw.view(2, *grid, 5))


@grids
def test_pooling_in_order_is_max_pooling_on_the_grid(grid, pools):
    raw = tokens(grid)
    pooled, picture = unroll(raw, grid, pools), raw.view(2, *grid, 5)
    for done, size in enumerate(pools, 1):
        pooled = max_pool(pooled, math.prod(size))
        for axis, step in enumerate(size, 1):
            picture = picture.unflatten(axis, (-1, step)).amax(axis + 1)
        assert torch.equal(reroll(pooled, tuple(picture.shape[1:-1]), pools[done:]), picture)


@grids
def test_a_mask_unit_is_every_so_many_th_token(grid, pools):
    unit = [math.prod(sizes) for sizes in zip(*pools, strict=True)] or [1] * len(grid)
    units = [side // size for side, size in zip(grid, unit, strict=True)]
    numbers = torch.arange(float(math.prod(grid))).view(1, -1, 1)
    order = unroll(numbers, grid, pools).flatten().int().view(-1, math.prod(units))
    for number, corner in enumerate(product(*map(range, units))):
        ranges = [range(c * u, (c + 1) * u) for c, u in zip(corner, unit, strict=True)]
        inside = {
            sum(p * math.prod(grid[axis + 1 :]) for axis, p in enumerate(place))
            for place in product(*ranges)
        }
        assert set(order[:, number].tolist()) == inside


@pytest.mark.parametrize("grid, pools", [GRIDS["square"], GRIDS["wide"], GRIDS["video"]])
def test_units_side_by_side_are_the_picture(grid, pools):
    raw = tokens(grid)
    units = tuple(side // math.prod(sizes) for side, sizes in zip(grid, zip(*pools), strict=True))  # noqa: B905
    side_by_side = join_units(reroll_units(unroll(raw, grid, pools), pools), units)
    assert torch.equal(side_by_side, raw.view(2, *grid, 5))


def test_the_order_written_out():
    """Finest digits first: (y1 x1)(y2 x2), then the mask units."""
    order = unroll(torch.arange(32.0).view(1, -1, 1), (4, 8), [(2, 2)] * 2)
    assert order.flatten().int().tolist()[:8] == [0, 4, 2, 6, 16, 20, 18, 22]


def test_a_grid_that_units_do_not_tile_is_refused():
    with pytest.raises(ValueError, match=r"whole mask units of 4 x 4 tokens, got 8 x 6 tokens"):
        unroll(tokens((8, 6)), (8, 6), [(2, 2)] * 2)
