"""Where a token looks, back on the picture: attention maps through pooling and mask units."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from perceiver_tutorial.hiera.config import HieraConfig
from perceiver_tutorial.hiera.mask_units import Grid, by, input_size, reroll, unroll
from perceiver_tutorial.hiera.model import Hiera
from perceiver_tutorial.hooks import record


def attention_map(
    model: Hiera, images: Float[Tensor, "batch *frames 3 height width"], block: int, place: Grid
) -> Float[Tensor, "batch heads *grid"]:
    """What one token of a block reads, on the grid of the tokens that it can read.

    A token that attends inside its mask unit reads zeros elsewhere. A pooled token
    stands for several, and reads on the finer grid from which it was pooled.

    Args:
        model: any Hiera.
        images: what it looks at.
        block: number of the block, counted from 0 through all stages.
        place: the token, on the grid of the block's answer: (row, column), or (frame,
            row, column).

    Returns:
        Weights that sum to 1, for each head.

    Raises:
        ValueError: if there is no such block or place.
    """
    stage, number = _find(model.config, block)
    with (
        record(model, f"encoder.stages.{stage}.{number}.attention.weights") as recorded,
        torch.no_grad(),
    ):
        model(images)
    (weights,) = next(iter(recorded.values()))
    grid = model.config.grid_of(input_size(images))
    before = max(0, stage - 1) if number == 0 else stage
    asked = _number(place, model.config.grid_after(stage, grid), model.config.pools_after(stage))
    read = _row(weights.unflatten(0, (len(images), -1)), asked)
    on_grid = reroll(read, model.config.grid_after(before, grid), model.config.pools_after(before))
    return on_grid.movedim(-1, 1)


def _find(config: HieraConfig, block: int) -> tuple[int, int]:
    """The stage of a block, and its number there."""
    blocks = [(stage, n) for stage, depth in enumerate(config.stages) for n in range(depth)]
    if not 0 <= block < len(blocks):
        raise ValueError(
            f"expected a block from 0 to {len(blocks) - 1}, got {block}. "
            "They are counted over all stages."
        )
    return blocks[block]


def _number(place: Grid, grid: Grid, pools: tuple[Grid, ...]) -> int:
    """Where a token of the grid stands in pooling order."""
    inside = len(place) == len(grid) and all(0 <= p < n for p, n in zip(place, grid, strict=True))
    if not inside:
        raise ValueError(
            f"expected a place on the grid of {by(grid)} tokens, counted from 0, got {place}. "
            "Give one number for each axis."
        )
    order = unroll(torch.arange(float(math.prod(grid))).view(1, -1, 1), grid, pools).flatten()
    flat = torch.arange(math.prod(grid)).view(grid)[place]
    return int((order == flat).nonzero())


def _row(
    weights: Float[Tensor, "batch windows heads queries keys"], asked: int
) -> Float[Tensor, "batch tokens heads"]:
    """One query's weights over all tokens in pooling order; zeros outside its window."""
    windows = weights.shape[1]
    query, window = divmod(asked, windows)
    row = weights[:, window, :, query].movedim(-1, 1)
    tokens = row.new_zeros(len(row), row.shape[1], windows, row.shape[2])
    tokens[:, :, window] = row
    return tokens.flatten(1, 2)
