"""Where a token is: learned rows, added to the tokens, for a grid of any size."""

import math

from einops import rearrange, repeat
from jaxtyping import Float
from torch import Tensor, nn

from ..positions import learned_table, resize_positions
from .config import HieraConfig
from .mask_units import Grid


class TablePositions(nn.Module):
    """One row for each token; a grid of another size gets the table stretched.

    A trained table repeats itself from mask unit to mask unit, and a stretched one no
    longer does so in step with the units. Choose "windowed" positions before training
    if inputs of several sizes are to come. Paper: Window Attention is Bugged, arXiv
    2311.05613.

    Args:
        grid: tokens along each axis.
        channels: width of a row.
    """

    def __init__(self, grid: Grid, channels: int):
        super().__init__()
        self.grid = grid
        self.table = learned_table(1, math.prod(grid), channels)

    def forward(self, grid: Grid) -> Float[Tensor, "1 tokens channels"]:
        if grid == self.grid:
            return self.table
        return resize_positions(self.table[0], self.grid, grid)[None]


class SeparatePositions(nn.Module):
    """A row for each place and a row for each time; a token gets their sum.

    Args:
        grid: (frames, height, width) in tokens.
        channels: width of a row.
    """

    def __init__(self, grid: Grid, channels: int):
        super().__init__()
        self.times = TablePositions(grid[:1], channels)
        self.places = TablePositions(grid[1:], channels)

    def forward(self, grid: Grid) -> Float[Tensor, "1 tokens channels"]:
        times, places = self.times(grid[:1]), self.places(grid[1:])
        return rearrange(times[:, :, None] + places[:, None], "1 t n c -> 1 (t n) c")


class WindowedPositions(nn.Module):
    """A row for each token of a mask unit, repeated, and a coarse table, stretched.

    Inside every mask unit the same rows stand at the same places, whatever the size of
    the input. Paper: Window Attention is Bugged (arXiv 2311.05613), "absolute win".

    Args:
        grid: tokens along each axis, a whole number of mask units.
        channels: width of a row.
        mask_unit: tokens of a mask unit along each axis.
    """

    def __init__(self, grid: Grid, channels: int, mask_unit: Grid):
        super().__init__()
        self.mask_unit = mask_unit
        self.units = tuple(side // unit for side, unit in zip(grid, mask_unit, strict=True))
        self.inside = learned_table(math.prod(mask_unit), channels)
        self.coarse = learned_table(math.prod(self.units), channels)

    def forward(self, grid: Grid) -> Float[Tensor, "1 tokens channels"]:
        height, width = self.mask_unit
        inside = repeat(
            self.inside,
            "(h w) c -> 1 (y h x w) c",
            h=height,
            y=grid[0] // height,
            x=grid[1] // width,
        )
        return inside + resize_positions(self.coarse, self.units, grid)


def positions_of(config: HieraConfig) -> nn.Module:
    """The kind of positions that a configuration names.

    Raises:
        ValueError: if that kind does not go with the number of axes.
    """
    axes = len(config.grid)
    if (config.positions == "separate") != (axes == 3):
        raise ValueError(
            f"expected positions='separate' for a video and another kind for an image, got "
            f"{config.positions!r} for an input with {axes} axes."
        )
    if config.positions == "windowed":
        return WindowedPositions(config.grid, config.embed_channels, config.mask_unit)
    kind = SeparatePositions if config.positions == "separate" else TablePositions
    return kind(config.grid, config.embed_channels)
