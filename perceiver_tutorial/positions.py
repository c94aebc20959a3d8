"""Where things are: grids of coordinates, and the ways to write a coordinate down."""

import math
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import interpolate

from .inputs import has_values

Convention = Literal["linspace", "half-open"]


def axis_coordinates(
    num_cells: int, convention: Convention = "linspace"
) -> Float[Tensor, " cells"]:
    """Coordinates of the cells along one axis, unitless, first cell at -1.

    Args:
        num_cells: cells along the axis.
        convention: "linspace" puts the last cell at +1, as every input grid has
            it; "half-open" steps by 2 / `num_cells` and stops one step short of
            +1, as DeepMind's decoders have it for some outputs only.

    Raises:
        ValueError: if the convention has another name.

    >>> axis_coordinates(5)
    tensor([-1.0000, -0.5000,  0.0000,  0.5000,  1.0000])
    >>> axis_coordinates(4, "half-open")
    tensor([-1.0000, -0.5000,  0.0000,  0.5000])
    """
    if convention == "linspace":
        # Said aloud: once transformers has loaded a model, linspace overhears torch.device(...).
        return torch.linspace(-1, 1, num_cells, device=torch.get_default_device())
    if convention == "half-open":
        return -1 + 2 * torch.arange(num_cells) / num_cells
    raise ValueError(f"expected convention 'linspace' or 'half-open', got {convention!r}.")


def grid_positions(
    index_dims: tuple[int, ...],
    cells: Int[Tensor, " points"] | None = None,
    convention: Convention = "linspace",
) -> Float[Tensor, "points {len(index_dims)}"]:
    """Coordinates of the cells of a grid, in row-major order.

    Args:
        index_dims: cells along each axis, e.g. (height, width).
        cells: flat indices of the cells wanted. Default: all of them.
        convention: see `axis_coordinates`.

    Returns:
        One row for each cell, one column for each axis. Unitless.

    >>> grid_positions((2, 3))[:2]
    tensor([[-1., -1.],
            [-1.,  0.]])
    >>> grid_positions((2, 3), cells=torch.tensor([5]))
    tensor([[1., 1.]])
    """
    axes = [axis_coordinates(n, convention) for n in index_dims]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, -2)
    return grid if cells is None else grid.to(cells.device)[cells]


def fourier_features(
    positions: Float[Tensor, "*batch points dims"],
    num_bands: int,
    max_resolution: tuple[int, ...],
) -> Float[Tensor, "*batch points {len(max_resolution)}*(2*{num_bands}+1)"]:
    """Write each coordinate as itself, then sines, then cosines of rising frequency.

    Paper: Perceiver IO, as configured for ImageNet in 4.5. Channel order follows
    DeepMind's code, because published weights depend on it. Ours differs from
    transformers' in that every sample of a batch may have positions of its own.

    Args:
        positions: coordinates, unitless, from -1 (first cell) to 1 (last cell).
        num_bands: frequencies for each axis, evenly spaced from 1 to that axis'
            Nyquist frequency (half its resolution), in cycles per 2 units.
        max_resolution: cells along each axis at which Nyquist is taken. May differ
            from the grid in hand: published image models keep (224, 224).

    Returns:
        Channels in the order [raw | sin axis 0, sin axis 1, ... | cos axis 0, ...].

    Raises:
        ValueError: if `positions` and `max_resolution` disagree on the number of axes.

    >>> fourier_features(torch.tensor([[0.0]]), num_bands=2, max_resolution=(8,))
    tensor([[0., 0., 0., 1., 1.]])
    """
    if positions.shape[-1] != len(max_resolution):
        raise ValueError(
            f"expected positions with one number for each axis of max_resolution={max_resolution}, "
            f"got {list(positions.shape)}. Give one resolution for each axis."
        )
    bands = torch.stack([torch.linspace(1, cells / 2, num_bands) for cells in max_resolution])
    phases = math.pi * rearrange(
        positions[..., None] * bands.to(positions), "... dims bands -> ... (dims bands)"
    )
    return torch.cat([positions, phases.sin(), phases.cos()], dim=-1)


def to_unit_ball(
    positions: Float[Tensor, "*batch points dims"],
    mask: Bool[Tensor, "*batch points"] | None = None,
) -> Float[Tensor, "*batch points dims"]:
    """Move the mean of every cloud to 0, and its farthest point to a distance of 1.

    Args:
        positions: coordinates in any unit; the same one along every axis.
        mask: True for every point that is one; the others become 0, whatever they were.

    Raises:
        ValueError: if a cloud has no point.

    >>> to_unit_ball(torch.tensor([[1.0, 0.0], [5.0, 0.0]]))
    tensor([[-1.,  0.],
            [ 1.,  0.]])
    """
    mask = torch.ones_like(positions[..., 0], dtype=torch.bool) if mask is None else mask
    if has_values(mask) and not mask.any(-1).all():
        raise ValueError("expected at least one point in every cloud, got a cloud without any.")
    kept = mask[..., None]
    mean = positions.where(kept, 0).sum(-2, keepdim=True) / kept.sum(-2, keepdim=True)
    centred = (positions - mean).where(kept, 0)
    radius = centred.norm(dim=-1).amax(-1)[..., None, None]
    return centred / radius.clamp(min=torch.finfo(radius.dtype).tiny)


def resize_positions(
    table: Float[Tensor, "points channels"],
    index_dims: tuple[int, ...],
    new_index_dims: tuple[int, ...],
) -> Float[Tensor, "new_points channels"]:
    """Stretch a learned table over a finer or coarser grid.

    Two axes are interpolated bicubically, as transformers does; one and three
    linearly, because torch has nothing smoother there.

    Args:
        table: one row for each cell of the old grid, row-major.
        index_dims: cells along each axis of the old grid.
        new_index_dims: cells along each axis of the new grid.

    Raises:
        ValueError: if the table or the new grid does not fit `index_dims`.
    """
    modes = {1: "linear", 2: "bicubic", 3: "trilinear"}
    same_axes = len(index_dims) == len(new_index_dims) in modes
    if len(table) != math.prod(index_dims) or not same_axes:
        raise ValueError(
            f"expected a table of {math.prod(index_dims)} rows for {index_dims}, and one to three "
            f"axes before and after, got {len(table)} rows to become {new_index_dims}. The "
            "old grid comes first, then the new one."
        )
    mode = modes[len(index_dims)]
    grid = table.T.reshape(1, table.shape[1], *index_dims)
    return interpolate(grid, size=new_index_dims, mode=mode, align_corners=False)[0].flatten(1).T


def learned_table(*shape: int) -> nn.Parameter:
    """Rows to learn, started small: standard deviation 0.02, cut at two of them."""
    return nn.Parameter(nn.init.trunc_normal_(torch.empty(shape), std=0.02, a=-0.04, b=0.04))


class FourierPositions(nn.Module):
    """Where every cell of a grid, or of another grid of that size, is: sines and cosines.

    Args:
        index_dims: cells along each axis.
        num_bands: see `fourier_features`.
        max_resolution: see `fourier_features`. Default: `index_dims`.
    """

    def __init__(
        self,
        index_dims: tuple[int, ...],
        num_bands: int,
        max_resolution: tuple[int, ...] | None = None,
    ):
        super().__init__()
        self.index_dims = index_dims
        self.num_bands, self.max_resolution = num_bands, max_resolution or index_dims
        self.num_channels = len(index_dims) * (2 * num_bands + 1)
        self.register_buffer("features", self._features(index_dims), persistent=False)

    def forward(self, size: tuple[int, ...] = ()) -> Float[Tensor, "points position_channels"]:
        is_made = tuple(size or self.index_dims) == tuple(self.index_dims)
        return self.features if is_made else self._features(size).to(self.features)

    def _features(self, index_dims: tuple[int, ...]) -> Tensor:
        return fourier_features(grid_positions(index_dims), self.num_bands, self.max_resolution)


class LearnedPositions(nn.Module):
    """Where every cell of a grid is, as a learned row of its own.

    Args:
        index_dims: cells along each axis.
        channels: width of the table.
        projected_channels: width after a linear map. Default: no map.
    """

    def __init__(
        self, index_dims: tuple[int, ...], channels: int, projected_channels: int | None = None
    ):
        super().__init__()
        self.index_dims = index_dims
        self.num_channels = projected_channels or channels
        self.table = learned_table(math.prod(index_dims), channels)
        self.project = (
            nn.Linear(channels, projected_channels) if projected_channels else nn.Identity()
        )

    def forward(self) -> Float[Tensor, "points position_channels"]:
        return self.project(self.table)
