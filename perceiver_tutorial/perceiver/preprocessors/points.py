"""Point clouds and sets: positions are data, and every sample brings its own."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...inputs import InputSpec
from ...positions import fourier_features


class PointPreprocessor(nn.Module):
    """Every point is an input: its features, then where it is.

    An image is a set of points (y, x, red, green, blue), and gives the same input
    array this way; a set without positions has `max_resolution=()`.

    Args:
        num_features: numbers of a point that say what is there.
        num_bands: Fourier bands of each coordinate.
        max_resolution: cells along each axis at which Nyquist is taken; one number
            for each coordinate. Coordinates come first in the raw data, unitless,
            meant to lie between -1 and 1.
        channels: width after a small MLP, the same for every point: numbers of different
            kinds may matter only together, which no linear map can tell. Default: no MLP.

    Raises:
        ValueError: if nothing is known of a point.
    """

    def __init__(
        self,
        num_features: int,
        num_bands: int = 64,
        max_resolution: tuple[int, ...] = (),
        channels: int | None = None,
    ):
        super().__init__()
        self.dims = len(max_resolution)
        if not num_features + self.dims:
            raise ValueError("a point needs features, coordinates (max_resolution) or both.")
        self.num_bands = num_bands
        self.max_resolution = max_resolution
        width = num_features + self.dims * (2 * num_bands + 1)
        self.num_channels = channels or width
        self.embed = nn.Identity()
        if channels:
            maps = nn.Linear(width, channels), nn.Linear(channels, channels)
            self.embed = nn.Sequential(maps[0], nn.GELU(), maps[1])
        self.input_spec = InputSpec(
            "points", ("points", "coordinates and features"), (None, self.dims + num_features),
            f"A point is {self.dims} coordinates, then {num_features} features.",
        )  # fmt: skip

    def num_inputs(self, points: Float[Tensor, "batch points features"]) -> int:
        """How many inputs will be made of each set."""
        self.input_spec.check(points)
        return points.shape[1]

    def forward(
        self, points: Float[Tensor, "batch points features"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(points)
        where, x = points[..., : self.dims], points[..., self.dims :]
        if self.dims:
            features = fourier_features(where, self.num_bands, self.max_resolution)
            x = torch.cat([x, features], dim=-1)
        return self.embed(x)
