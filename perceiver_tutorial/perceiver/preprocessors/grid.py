"""Inputs that are the cells of a grid: in each row what is there, then where it is."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...positions import FourierPositions, LearnedPositions
from ..config import FourierConfig, LearnedConfig


def append_positions(
    x: Float[Tensor, "batch inputs channels"], positions: nn.Module | None
) -> Float[Tensor, "batch inputs all_channels"]:
    """Append to each row where it is, the same for every sample; None: nowhere, leave it.

    Args:
        x: what is there, one row for each input.
        positions: makes one row for each place.
    """
    if positions is None:
        return x
    return torch.cat([x, positions().expand(x.shape[0], -1, -1)], dim=-1)


def build_positions(
    config: FourierConfig | LearnedConfig, index_dims: tuple[int, ...]
) -> FourierPositions | LearnedPositions:
    """Positions of every cell of a grid.

    Args:
        config: how they are written down.
        index_dims: cells along each axis.
    """
    if isinstance(config, FourierConfig):
        return FourierPositions(index_dims, config.num_bands, config.max_resolution)
    return LearnedPositions(index_dims, config.channels, config.projected_channels)


class GridPreprocessor(nn.Module):
    """A preprocessor that makes one row of each cell of a grid.

    Args:
        index_dims: cells along each axis.
        channels: width of what is there.
        positions: where each cell is. Default: rows do not say.
    """

    def __init__(self, index_dims: tuple[int, ...], channels: int, positions: nn.Module | None):
        super().__init__()
        self.index_dims = index_dims
        self.positions = positions
        self.num_channels = channels + (positions.num_channels if positions else 0)

    def num_inputs(self, _raw: Tensor) -> int:
        """How many inputs will be made of each sample."""
        return math.prod(self.index_dims)
