"""Time series with gaps: smooth curves of which only some days were measured."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ..doors import checked


class Series(NamedTuple):
    """Curves and what was measured of them.

    Attributes:
        measured: a number for each day, NaN where nobody measured.
        true: the whole curve.
    """

    measured: Float[Tensor, "batch days"]
    true: Float[Tensor, "batch days"]


@checked
def gappy_series(num_series: int, num_days: int = 40, seed: int = 0) -> Series:
    """Draw waves, each at a height of its own, and leave three quarters of the days out.

    A wave turns two to four times, from -1 to 1 at most, around -0.5 to 0.5.

    Args:
        num_series: how many curves.
        num_days: days of each.
        seed: the same seed draws the same curves.

    >>> gappy_series(2).measured.isnan().sum(1).tolist()
    [30, 30]
    """
    generator = torch.Generator().manual_seed(seed)
    turns, start, size, height = torch.rand(4, num_series, 1, generator=generator)
    phases = (2 + 2 * turns) * torch.linspace(0, 1, num_days) + start
    true = (0.5 + 0.5 * size) * (2 * torch.pi * phases).sin() + height - 0.5
    order = torch.rand(num_series, num_days, generator=generator).argsort(1)
    return Series(true.masked_fill(order >= num_days // 4, torch.nan), true)


@checked
def straight_lines(measured: Float[Tensor, "batch days"]) -> Float[Tensor, "batch days"]:
    """Fill gaps the simple way: a straight line from one measurement to the next.

    Before the first and after the last, their values go on.

    Args:
        measured: NaN in the gaps; at least one measurement in each series.
    """
    rows = []
    for row in measured:
        known = row.isfinite().nonzero().flatten()
        days = torch.arange(len(row))
        after = torch.searchsorted(known, days).clamp(max=len(known) - 1)
        before = (torch.searchsorted(known, days, right=True) - 1).clamp(min=0)
        left, right = known[before], known[after]
        share = (days - left) / (right - left).clamp(min=1)
        rows.append(row[left] + share.clamp(0, 1) * (row[right] - row[left]))
    return torch.stack(rows)
