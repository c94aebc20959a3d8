"""How long a module takes on this machine, for arrays of growing length."""

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from perceiver_tutorial.tracing.cost import cost


@dataclass(frozen=True)
class Measured:
    """What one forward pass took, and what it should take.

    Attributes:
        inputs: rows of the array that came in.
        seconds: on this machine, on one thread.
        flops: operations, counted as `cost` does.
        peak_bytes: most that is alive at once, attention maps never written down.
        map_bytes: the largest attention map, if it were written down.
    """

    inputs: int
    seconds: float
    flops: int
    peak_bytes: int
    map_bytes: int


def seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """The median time of several runs on one thread, after one more to warm up.

    Args:
        run: what to time.
        repeats: how often; the median forgives a run that was disturbed.

    Raises:
        ValueError: if there are no runs to take the median of.
    """
    if repeats < 1:
        raise ValueError(f"expected repeats of at least 1, got {repeats}.")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run()
        return median(_once(run) for _ in range(repeats))
    finally:
        torch.set_num_threads(threads)


def measure(
    module: nn.Module, channels: int, sizes: Sequence[int], repeats: int = 3
) -> list[Measured]:
    """Time a module on random arrays [1, size, channels], one size after another.

    Args:
        module: reads one array.
        channels: width of the array.
        sizes: its rows.
        repeats: runs for each size, besides one to warm up.

    Returns:
        One entry for each size, in the same order.
    """
    counted = deepcopy(module).to("meta")
    found = []
    for size in sizes:
        array = torch.randn(1, size, channels)
        total = cost(counted, array.to("meta")).total
        with torch.inference_mode():
            taken = seconds(lambda array=array: module(array), repeats)
        found.append(Measured(size, taken, total.flops, total.peak_bytes, total.map_bytes))
    return found


def _once(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
