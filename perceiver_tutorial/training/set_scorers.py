"""Simple scorers of sets: every row on its own, or every row with the mean of all."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..doors import checked


@checked
class RowScorer(nn.Module):
    """One score for each row of a set, in any order and number, without attention.

    Args:
        num_features: numbers that a row is told by.
        sees_mean: a row also sees the mean of what all rows became (Deep Sets,
            arXiv 1703.06114); otherwise nothing but itself.
        channels: width of the hidden layers.
    """

    def __init__(self, num_features: int, sees_mean: bool, channels: int = 128):
        super().__init__()
        self.sees_mean = sees_mean
        self.embed = nn.Sequential(
            nn.Linear(num_features, channels), nn.GELU(), nn.Linear(channels, channels)
        )
        self.score = nn.Sequential(
            nn.Linear(channels * (1 + sees_mean), channels),
            nn.GELU(),
            nn.Linear(channels, channels),
            nn.GELU(),
            nn.Linear(channels, 1),
        )

    def forward(
        self, rows: Float[Tensor, "batch rows features"], keep: Bool[Tensor, "batch rows"]
    ) -> Float[Tensor, "batch rows"]:
        embedded = self.embed(rows)
        if self.sees_mean:
            kept = embedded * keep[..., None]
            mean = kept.sum(1, keepdim=True) / keep.sum(1)[:, None, None].clamp(min=1)
            embedded = torch.cat([embedded, mean.expand_as(embedded)], dim=-1)
        return self.score(embedded)[..., 0]
