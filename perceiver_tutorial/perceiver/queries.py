"""Queries: one row for each output wanted. All are called with the input array.

Most look at no more of it than its sizes, its type and its device; `are_inputs` tells which.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..positions import Convention, fourier_features, grid_positions, learned_table


class LearnedQueries(nn.Module):
    """The same learned rows for every sample, e.g. one row: "which class?".

    Args:
        num_queries: rows.
        num_channels: width of a row.
    """

    are_inputs = False

    def __init__(self, num_queries: int, num_channels: int):
        super().__init__()
        self.num_channels = num_channels
        self.table = learned_table(num_queries, num_channels)

    def all_points(self, x: Float[Tensor, "batch inputs _"]) -> Int[Tensor, " outputs"]:
        return torch.arange(len(self.table), device=x.device)

    def forward(
        self, x: Float[Tensor, "batch inputs _"], points: Int[Tensor, " outputs"] | None = None
    ) -> Float[Tensor, "batch outputs query_channels"]:
        points = self.all_points(x) if points is None else points
        return self.table[points].expand(x.shape[0], -1, -1)


class PlaceQueries(LearnedQueries):
    """One learned row for each input: "which byte stood here?".

    Ours differs from transformers', which always has a query for every place that there
    could be: a text of 100 bytes gets 100 answers, not 2048.

    Args:
        num_queries: places, at most.
        num_channels: width of a row.
    """

    def all_points(self, x: Float[Tensor, "batch inputs _"]) -> Int[Tensor, " outputs"]:
        return torch.arange(x.shape[1], device=x.device)


class InputQueries(nn.Module):
    """The inputs themselves, each for its own place, as in optical flow.

    Args:
        num_channels: width of the input array.
    """

    are_inputs = True

    def __init__(self, num_channels: int):
        super().__init__()
        self.num_channels = num_channels

    def all_points(self, x: Float[Tensor, "batch inputs _"]) -> Int[Tensor, " outputs"]:
        return torch.arange(x.shape[1], device=x.device)

    def forward(
        self,
        x: Float[Tensor, "batch inputs channels"],
        points: Int[Tensor, " outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs channels"]:
        return x if points is None else x[:, points]


class GridQueries(nn.Module):
    """Fourier features of the cells of an output grid: "what is here?".

    Args:
        index_dims: cells along each axis of the output; a video has three.
        num_bands: see `fourier_features`.
        max_resolution: see `fourier_features`. Default: `index_dims`.
        convention: how cells become coordinates. Published decoders have "half-open"
            coordinates although their encoders have "linspace".
    """

    are_inputs = False

    def __init__(
        self,
        index_dims: tuple[int, ...],
        num_bands: int,
        max_resolution: tuple[int, ...] | None = None,
        convention: Convention = "half-open",
    ):
        super().__init__()
        self.index_dims = index_dims
        self.num_bands = num_bands
        self.max_resolution = max_resolution or index_dims
        self.convention = convention
        self.num_channels = len(index_dims) * (2 * num_bands + 1)

    def all_points(self, x: Float[Tensor, "batch inputs _"]) -> Int[Tensor, " outputs"]:
        return torch.arange(math.prod(self.index_dims), device=x.device)

    def forward(
        self, x: Float[Tensor, "batch inputs _"], points: Int[Tensor, " outputs"] | None = None
    ) -> Float[Tensor, "batch outputs query_channels"]:
        points = self.all_points(x) if points is None else points
        where = grid_positions(self.index_dims, points, self.convention)
        features = fourier_features(where, self.num_bands, self.max_resolution)
        return features.to(x.dtype).expand(x.shape[0], -1, -1)


class NoQueries(nn.Module):
    """No rows: the first Perceiver averages its latents instead.

    Args:
        num_channels: width of the latents.
    """

    are_inputs = False

    def __init__(self, num_channels: int):
        super().__init__()
        self.num_channels = num_channels

    def all_points(self, x: Float[Tensor, "batch inputs _"]) -> Int[Tensor, " outputs"]:
        return torch.arange(0, device=x.device)

    def forward(
        self, x: Float[Tensor, "batch inputs _"], _points: Int[Tensor, " outputs"] | None = None
    ) -> Float[Tensor, "batch outputs=0 query_channels"]:
        return x.new_empty(x.shape[0], 0, self.num_channels)
