"""Shuffled pieces of a data set, without end."""

from collections.abc import Iterator

import torch
from torch import Tensor


def batches(*arrays: Tensor, batch_size: int, seed: int = 0) -> Iterator[tuple[Tensor, ...]]:
    """Yield batches for ever: every epoch in a new order, no sample twice in one epoch.

    Args:
        arrays: equally many samples in each, e.g. images and labels.
        batch_size: samples in a batch; the last of an epoch may be smaller.
        seed: the same seed gives the same batches.

    Raises:
        ValueError: if the arrays do not go together, or are empty.

    >>> source = batches(torch.arange(5), batch_size=2)
    >>> [len(next(source)[0]) for _ in range(4)]
    [2, 2, 1, 2]
    """
    lengths = [len(array) for array in arrays]
    if not lengths or len(set(lengths)) > 1 or not lengths[0]:
        raise ValueError(f"expected arrays with equally many samples, got {lengths}.")
    if batch_size < 1:
        raise ValueError(f"expected batch_size of at least 1, got {batch_size}.")
    return _endless(arrays, batch_size, torch.Generator().manual_seed(seed))


def _endless(arrays: tuple[Tensor, ...], batch_size: int, generator: torch.Generator):
    while True:
        order = torch.randperm(len(arrays[0]), generator=generator)
        for chosen in order.split(batch_size):
            yield tuple(array[chosen] for array in arrays)
