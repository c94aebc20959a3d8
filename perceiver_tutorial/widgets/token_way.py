"""Tokens on their way through a Hiera: unrolled pooling by pooling, then pooled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from einops import rearrange
from jaxtyping import Int
from torch import Tensor

from ..hiera import pool, reroll, unroll
from ..hiera.mask_units import Grid, unit_grid


@dataclass(frozen=True)
class Way:
    """Tokens, numbered row by row, at one step of their way through a model.

    Attributes:
        sides: tokens along each axis at first.
        pools: how many tokens along each axis each pooling makes one.
        step: 0 is row by row; then one sorting for each pooling; then the poolings.
    """

    sides: Grid
    pools: tuple[Grid, ...]
    step: int

    @property
    def pooled(self) -> int:
        """How many poolings are over."""
        return max(0, self.step - len(self.pools))

    @property
    def sorted_for(self) -> tuple[Grid, ...]:
        """The poolings to come that the order is ready for."""
        return self.pools[self.pooled : self.step]

    @property
    def to_come(self) -> tuple[Grid, ...]:
        """All poolings that are to come."""
        return self.pools[self.pooled :]

    @property
    def now(self) -> Grid:
        """Tokens along each axis that are left."""
        return shrunk(self.sides, self.pools[: self.pooled])

    @cached_property
    def order(self) -> Int[Tensor, " tokens"]:
        """The numbers as they lie in memory; a pooling leaves the largest."""
        numbers = torch.arange(float(math.prod(self.sides))).view(1, -1, 1)
        tokens = unroll(numbers, self.sides, self.pools[: self.step])
        for size in self.pools[: self.pooled]:
            tokens = pool(tokens, math.prod(size))
        return tokens.flatten().int()

    @cached_property
    def ready(self) -> "Way":
        """As many poolings are over, and the order is ready for all that are to come."""
        return Way(self.sides, self.pools, len(self.pools) + self.pooled)

    @property
    def on_grid(self) -> Int[Tensor, "*grid"]:
        """The numbers back on their grid."""
        tokens = self.order.float().view(1, -1, 1)
        return reroll(tokens, self.now, self.sorted_for)[0, ..., 0].int()

    @property
    def unit_of(self) -> tuple[int, ...]:
        """The mask unit of every token: in pooling order they take turns."""
        order = Way(self.sides, self.pools, len(self.pools)).order
        num_units = math.prod(shrunk(self.sides, self.pools))
        return tuple((order.argsort() % num_units).tolist())

    def becomes(self, number: int) -> int:
        """The number under which a token lives on."""
        everything = Way(self.sides, self.pools, len(self.pools)).order
        place = int((everything == number).nonzero())
        return int(self.ready.order[place % len(self.order)])

    def partners(self, number: int) -> tuple[int, ...]:
        """Those that the next pooling makes one of, itself included; none after the last."""
        if not self.to_come:
            return ()
        groups = self.ready.order.view(math.prod(self.to_come[0]), -1).mT
        return tuple(next(group for group in groups.tolist() if number in group))


def shrunk(sides: Grid, pools: Sequence[Grid]) -> Grid:
    """Tokens along each axis that some poolings leave.

    >>> shrunk((8, 12), [(2, 2), (2, 3)])
    (2, 2)
    """
    return tuple(s // u for s, u in zip(sides, unit_grid(pools, len(sides)), strict=True))


def in_units(way: Way) -> Int[Tensor, "..."]:
    """The grid as blocks: mask units, and tokens in each; frames stand side by side."""
    unit = unit_grid(way.to_come, len(way.sides))
    pattern = "... (uy y) (ux x) -> ... uy ux y x"
    blocks = rearrange(way.on_grid, pattern, y=unit[-2], x=unit[-1])
    return blocks[None] if blocks.ndim == 5 else blocks


def in_memory(way: Way) -> Int[Tensor, "..."]:
    """The order as blocks: for each pooling its places, at last the grid of what is left."""
    levels = [*way.sorted_for, shrunk(way.now, way.sorted_for)]
    return way.order.view(*(side for level in levels for side in _pair(level)))


def on_grid_blocks(way: Way) -> Int[Tensor, "..."]:
    """The grid, row by row: rerolled, or never sorted; frames stand side by side."""
    return way.on_grid.view(_pair(way.now))


def _pair(level: Grid) -> Grid:
    """Rows and columns of blocks; frames are a row of blocks of their own."""
    return (1, level[0], *level[1:]) if len(level) == 3 and level[0] > 1 else level[-2:]
