"""Attention rollout: what every token at the end has read of the tokens at the beginning."""

import torch
from einops import rearrange, reduce
from jaxtyping import Float
from torch import Tensor

from ..deit import DeiT
from ..hiera import Hiera
from ..hiera.mask_units import reroll
from ..hooks import record


def rollout(
    model: DeiT | Hiera, images: Float[Tensor, "batch *frames 3 height width"]
) -> Float[Tensor, "batch last first"]:
    """The shares of all first tokens in every last one, if attention were all that mixes them.

    Of every block, the mean of its heads and the residual connection count half each, and
    the blocks' matrices are multiplied (Abnar and Zuidema, arXiv 2005.00928). Where Hiera
    pools, the residual of a pooled token is the mean of those that it was made of.

    Args:
        model: as it is; its mode is not changed.
        images: what it looks at.

    Returns:
        Rows that sum to 1. Of a DeiT, the class token, the distillation token if there is
        one, then the patches row by row, on either side; of a Hiera, the last stage's
        tokens and the first stage's, row by row (frame by frame).
    """
    with record(model, "*.attention.weights") as recorded, torch.no_grad():
        model(images)
    shares = None
    for weights in (maps[0] for maps in recorded.values()):
        block = _with_residual(weights.unflatten(0, (images.shape[0], -1)))
        shares = block if shares is None else block @ shares
    return shares if isinstance(model, DeiT) else _row_by_row(shares, model, images)


def _with_residual(
    weights: Float[Tensor, "batch windows heads queries keys"],
) -> Float[Tensor, "batch all_queries all_keys"]:
    """One matrix for a block: zeros between windows; tokens of a window are far apart in it."""
    mean = reduce(weights, "b windows heads q k -> b windows q k", "mean")
    windows, queries, keys = mean.shape[1:]
    apart = torch.eye(windows).to(mean)
    attention = torch.einsum("bwqk,wv->bqwkv", mean, apart).flatten(3).flatten(1, 2)
    pooled = keys // queries
    stays = torch.eye(queries * windows).to(mean).repeat(1, pooled) / pooled
    return (attention + stays) / 2


def _row_by_row(
    shares: Float[Tensor, "batch last first"], model: Hiera, images: Tensor
) -> Float[Tensor, "batch last first"]:
    """The same, with both kinds of tokens on their grids instead of in pooling order."""
    config = model.config
    grid, stage = model.encoder.grid_of(images), config.last_stage
    last = reroll(shares, config.grid_after(stage, grid), config.pools_after(stage)).flatten(1, -2)
    first = reroll(rearrange(last, "b last first -> b first last"), grid, config.pools)
    return rearrange(first.flatten(1, -2), "b first last -> b last first")
