"""Shuffled pieces of a data set, without end."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..doors import checked


@checked
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
    is_data = [isinstance(array, Tensor) and array.ndim for array in arrays]
    lengths = [len(array) if good else None for array, good in zip(arrays, is_data, strict=True)]
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


@checked
def repeated(source: Iterator[tuple[Tensor, ...]], times: int) -> Iterator[tuple[Tensor, ...]]:
    """Every sample of a batch several times over, to be augmented differently each time.

    Repeated augmentation (arXiv 1901.09335): one batch holds several views of a sample.
    DeiT has 3, over several processes; its sampler rounds an epoch down to a multiple of
    256, and gives nothing where there are fewer samples. Here one process is enough, and
    no sample is lost.

    Args:
        source: batches, e.g. from `batches`; take a third of the samples for 3 times.
        times: how often each sample is repeated.

    Raises:
        ValueError: if `times` is below 1.

    >>> next(repeated(batches(torch.tensor([7, 7]), batch_size=2), times=3))
    (tensor([7, 7, 7, 7, 7, 7]),)
    """
    if times < 1:
        raise ValueError(f"expected times of at least 1, got {times}. 1 repeats nothing.")
    return (tuple(array.repeat_interleave(times, 0) for array in batch) for batch in source)
