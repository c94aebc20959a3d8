"""What the decoder asks: one row for each output wanted."""

import math

import torch
from einops import repeat
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..positions import Convention, fourier_features, grid_positions, learned_table
from .parts import Inputs


class LearnedQueries(nn.Module):
    """The same learned questions for every input, e.g. one row: "which class?".

    Args:
        num_queries: rows.
        num_channels: width of a row.
    """

    needs = "batch"

    def __init__(self, num_queries: int, num_channels: int):
        super().__init__()
        self.num_channels = num_channels
        self.rows = learned_table(num_queries, num_channels)

    def all_points(self, inputs: Inputs) -> Int[Tensor, " outputs"]:
        return torch.arange(len(self.rows), device=inputs.device)

    def forward(
        self,
        inputs: Inputs,
        points: Int[Tensor, " outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs query_channels"]:
        points = self.all_points(inputs) if points is None else points
        return repeat(self.rows[points], "n c -> b n c", b=inputs.shape[0])


class PlaceQueries(nn.Module):
    """One learned question for each place of the input: "which byte stood here?".

    Ours differs from transformers', which always asks about every place there
    could be: a text of 100 bytes gets 100 answers, not 2048.

    Args:
        max_places: rows.
        num_channels: width of a row.
    """

    needs = "count"

    def __init__(self, max_places: int, num_channels: int):
        super().__init__()
        self.num_channels = num_channels
        self.ask = LearnedQueries(max_places, num_channels)

    def all_points(self, inputs: Inputs) -> Int[Tensor, " outputs"]:
        return torch.arange(inputs.shape[1], device=inputs.device)

    def forward(
        self,
        inputs: Inputs,
        points: Int[Tensor, " outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs query_channels"]:
        return self.ask(inputs, self.all_points(inputs) if points is None else points)


class InputQueries(nn.Module):
    """The inputs themselves ask, each about its own place, as in optical flow.

    Args:
        num_channels: width of the input array.
    """

    needs = "inputs"

    def __init__(self, num_channels: int):
        super().__init__()
        self.num_channels = num_channels

    def all_points(self, inputs: Inputs) -> Int[Tensor, " outputs"]:
        return torch.arange(inputs.shape[1], device=inputs.device)

    def forward(
        self,
        inputs: Float[Tensor, "batch inputs channels"],
        points: Int[Tensor, " outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs channels"]:
        return inputs if points is None else inputs[:, points]


class GridQueries(nn.Module):
    """Fourier features of the cells of an output grid: "what is here?".

    Args:
        index_dims: cells along each axis of the output; a video has three.
        num_bands: see `fourier_features`.
        max_resolution: see `fourier_features`. Default: `index_dims`.
        convention: how cells become coordinates. Published decoders ask with
            "half-open" coordinates although their encoders read with "linspace".
    """

    needs = "batch"

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

    def all_points(self, inputs: Inputs) -> Int[Tensor, " outputs"]:
        return torch.arange(math.prod(self.index_dims), device=inputs.device)

    def forward(
        self,
        inputs: Inputs,
        points: Int[Tensor, " outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs query_channels"]:
        points = self.all_points(inputs) if points is None else points
        where = grid_positions(self.index_dims, points, self.convention)
        features = fourier_features(where, self.num_bands, self.max_resolution)
        return repeat(features.to(inputs.dtype), "n c -> b n c", b=inputs.shape[0])


class NoQueries(nn.Module):
    """Nothing is asked: the original Perceiver averages its latents instead.

    Args:
        num_channels: width of the latents.
    """

    needs = "batch"

    def __init__(self, num_channels: int):
        super().__init__()
        self.num_channels = num_channels

    def all_points(self, inputs: Inputs) -> Int[Tensor, " outputs"]:
        return torch.arange(0, device=inputs.device)

    def forward(
        self,
        inputs: Inputs,
        _points: Int[Tensor, " outputs"] | None = None,
    ) -> Float[Tensor, "batch outputs=0 query_channels"]:
        shape = (inputs.shape[0], 0, self.num_channels)
        return torch.empty(shape, dtype=inputs.dtype, device=inputs.device)
