"""Experiments with position encodings: what a sum hides, how few channels suffice."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from ...kit.exercises import NotYet

CELLS, NOISE, TRIES = 256, 0.5, 40


def recovered(
    width: int, num_bytes: int = 262, num_positions: int = 2048, seed: int = 0
) -> tuple[float, float]:
    """How often byte and position are read off their sum, each as the most similar table row.

    Args:
        width: of both tables, whose numbers are drawn from one normal distribution.
        num_bytes: rows of the one table.
        num_positions: rows of the other.
        seed: of the tables, and of the byte at every position.

    Returns:
        The shares of bytes and of positions that are recovered.
    """
    generator = torch.Generator().manual_seed(seed)
    bytes_table, positions = (
        torch.randn(rows, width, generator=generator) for rows in (num_bytes, num_positions)
    )
    ids = torch.randint(num_bytes, (num_positions,), generator=generator)
    sums = bytes_table[ids] + positions
    found_ids, found_positions = (
        (sums @ table.T - table.square().sum(-1) / 2).argmax(-1)
        for table in (bytes_table, positions)
    )
    are_found = found_ids == ids, found_positions == torch.arange(num_positions)
    return tuple(each.float().mean().item() for each in are_found)


def num_channels(code: Float[Tensor, "cells channels"]) -> int:
    """The width of an encoding of `CELLS` positions.

    Raises:
        NotYet: if it is none.
    """
    if not isinstance(code, Tensor) or code.ndim != 2 or len(code) != CELLS or not code.numel():
        raise NotYet(f"expected a tensor of {CELLS} rows, one for each position.")
    if not code.isfinite().all() or code.abs().max() > 1 + 1e-6:
        raise NotYet("expected numbers from -1 to 1.")
    return code.shape[1]


def mean_error(code: Float[Tensor, "cells channels"]) -> float:
    """How many positions the nearest encoding is off on average, under noise."""
    num_channels(code)
    generator = torch.Generator().manual_seed(0)
    code = code.double()
    noisy = code + NOISE * torch.randn(TRIES, *code.shape, generator=generator, dtype=code.dtype)
    nearest = torch.cdist(noisy, code.expand(TRIES, -1, -1)).argmin(-1)
    return (nearest - torch.arange(CELLS)).abs().double().mean().item()


def smallest(make: Callable[[int], Tensor], most: int = 40) -> int:
    """The fewest channels with which an encoding of so many bands is at most one position off."""
    codes = map(make, range(1, most))
    return next(num_channels(code) for code in codes if mean_error(code) <= 1)
