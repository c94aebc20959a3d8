"""Exercises about position encodings: half-open grids, aliases, learned tables, a repair."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from perceiver_tutorial.positions import axis_coordinates, fourier_features, grid_positions

from ...kit.exercises import BugHunt, Build, Draw, Exercise, NotYet, Project, Repair, Slip, Stage
from ...kit.predictions import walked
from .model import CELLS, mean_error, num_channels, smallest

# --- write ---


def _half_open(rows: int, columns: int, mistake: str = "") -> Tensor:
    if mistake == "columns first":
        grid = grid_positions((columns, rows), convention="half-open").flip(-1)
        return grid.unflatten(0, (columns, rows)).transpose(0, 1).flatten(0, 1).flip(-1)
    kind = "linspace" if mistake == "inclusive" else "half-open"
    grid = grid_positions((rows, columns), convention=kind)
    if mistake == "centres":
        grid = grid + 1 / torch.tensor([rows, columns])
    if mistake == "from 0":
        grid = (grid + 1) / 2
    return grid


HALF_OPEN = Exercise(
    task="return the positions (y, x) of all cells of a grid of rows x columns cells, in reading "
    "order, in the half-open convention: n cells take n equal steps that fill the axis from -1 to "
    "1, and each cell stands where its step begins.",
    inputs=lambda draw: tuple(draw.sizes(2)),
    reference=_half_open,
    slips=(
        Slip("the last cell stands at +1; half-open stops one step short of it: -1 + 2 i / n.",
             {"mistake": "inclusive"}),
        Slip("those are the middles of the cells; here each cell stands where its step begins.",
             {"mistake": "centres"}),
        Slip("the first cell stands at -1, not at 0.", {"mistake": "from 0"}),
        Slip("y comes first: (row, column).", {"mistake": "columns first"}),
    ),
)  # fmt: skip


def _alias(cells: int, frequency: int, mistake: str = "") -> int:
    if mistake == "half-open":
        return cells - frequency
    if mistake == "shifted":
        return frequency - cells // 2
    return cells - 1 if mistake == "limit" else cells - 1 - frequency


def _too_high(draw: Draw) -> tuple[int, int]:
    cells = 2 * draw.size(low=6, high=20)
    return cells, cells // 2 + draw.size(low=1, high=cells // 2 - 2)


ALIAS = Exercise(
    task="n cells stand from -1 to 1, both ends included. cos(pi f x) with a frequency f between "
    "(n - 1) / 2 and n - 1 takes the same values there as a lower frequency, but for the sign. "
    "Return the lower frequency.",
    inputs=_too_high,
    reference=_alias,
    slips=(
        Slip("that holds for half-open coordinates, n steps; here n cells make n - 1 steps.",
             {"mistake": "half-open"}),
        Slip("frequencies are mirrored at half the number of steps, not shifted down.",
             {"mistake": "shifted"}),
        Slip("n - 1 is what the two frequencies have as their sum.", {"mistake": "limit"}),
    ),
)  # fmt: skip


# --- build ---


class ProjectedPositions(nn.Module):
    """A learned table and a linear layer behind it, as the published image model has them."""

    def __init__(self, num_positions: int, num_channels: int, projected_channels: int):
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(num_positions, num_channels))
        self.project = nn.Linear(num_channels, projected_channels)

    def forward(self, batch_size: int) -> Tensor:
        """A batch size -> [B, M, projected channels]."""
        return self.project(self.table).expand(batch_size, -1, -1)


class _AddsTable(ProjectedPositions):
    """The table is added to what the linear layer makes of it."""

    def forward(self, batch_size):
        projected = self.project(self.table)
        shared = min(projected.shape[-1], self.table.shape[-1])
        padded = nn.functional.pad(self.table[:, :shared], (0, projected.shape[-1] - shared))
        return (projected + padded).expand(batch_size, -1, -1)


class _NoBias(ProjectedPositions):
    """The bias of the linear layer is left out."""

    def forward(self, batch_size):
        return (self.table @ self.project.weight.T).expand(batch_size, -1, -1)


def _table(draw: Draw) -> tuple[dict, tuple]:
    positions, channels, projected, batch = draw.sizes(4, low=2, high=9)
    options = {
        "num_positions": positions,
        "num_channels": channels,
        "projected_channels": projected,
    }
    return options, (batch,)


PROJECTED = Build(
    task="write `ProjectedPositions(num_positions, num_channels, projected_channels)`: a learned "
    "`table`, then a linear layer `project`. `forward(batch_size)` returns [batch_size, "
    "num_positions, projected_channels].",
    reference=ProjectedPositions,
    make=_table,
    slips=(
        Slip("the linear layer has a bias: call it, instead of multiplying by its weight.",
             _NoBias),
        Slip("the layer replaces the table; the two are not added.", _AddsTable),
    ),
)  # fmt: skip


# --- repair ---


def _encoded(yours: Callable, positions: Tensor, bands: int, resolution: tuple[int, int]) -> Tensor:
    features = yours(positions, bands, resolution)
    want = len(positions), 2 * (2 * bands + 1)
    if tuple(features.shape) != want:
        raise NotYet(f"shape {tuple(features.shape)}; expected {want}.")
    return features


def _waves_move_with_the_wrong_axis(yours: Callable, draw: Draw) -> str:
    bands = draw.size(3, 5)
    along_x = torch.stack([torch.zeros(9), torch.linspace(-1, 1, 9)], dim=-1)
    features = _encoded(yours, along_x, bands, (10, 14))
    moved = features[:, 2 : 2 + bands].std(0).max().item()
    if moved < 1e-4:
        return ""
    return f"only x changes, yet the sines of y change, with a standard deviation of {moved:.2f}."


def _frequencies_follow_the_grid(yours: Callable, draw: Draw) -> str:
    bands = draw.size(3, 5)
    few, many = (grid_positions((1, cells)) for cells in (8, 15))
    old, new = (_encoded(yours, positions, bands, (8, 8)) for positions in (few, many))
    moved = (new[::2] - old).abs().max().item()
    if moved < 1e-4:
        return ""
    return f"15 cells hold the 8 old ones, whose features change by up to {moved:.2f}, not 0."


def _frequencies_are_wrong(yours: Callable, draw: Draw) -> str:
    rows, columns = draw.sizes(2, 6, 12)
    bands, positions = draw.size(3, 5), draw.rand(7, 2) * 2 - 1
    got = _encoded(yours, positions, bands, (rows, columns))
    apart = (got - fourier_features(positions, bands, (rows, columns))).abs().max().item()
    if apart < 1e-3:
        return ""
    return f"compared with the published features, numbers are up to {apart:.2f} apart."


FEATURES = Repair(
    task="Fourier features of points of the plane",
    stages=(
        Stage(_waves_move_with_the_wrong_axis,
              "Positions are (y, x), and `max_resolution` is (rows, columns), in this order."),
        Stage(_frequencies_follow_the_grid,
              "The frequencies must not depend on how many positions come in."),
        Stage(_frequencies_are_wrong, "From 1 to half of the resolution of each axis, and pi."),
    ),
)  # fmt: skip


# --- hunt ---


def _code(coordinates: Tensor, cells: int = 8) -> Tensor:
    return fourier_features(coordinates[:, None], 4, (cells,))


def _keeps_features(features: Callable) -> bool:
    return torch.allclose(features(15)[::2], features(8), atol=1e-5)


KEEPS_FEATURES = BugHunt(
    task="`features(cells)` returns [cells, 9]: the position encoding of an axis, for weights that "
    "were trained with 8 cells. 15 cells hold those 8 positions and one between each two. Return "
    "whether the 8 positions keep their features.",
    inputs=lambda: (8,),
    right=lambda cells: _code(axis_coordinates(cells)),
    bugs=(
        lambda cells: _code(axis_coordinates(cells), cells),
        lambda cells: _code(axis_coordinates(cells, "half-open")),
        lambda cells: _code(2 * torch.arange(cells) / 7 - 1),
        lambda cells: interpolate(_code(axis_coordinates(8)).T[None], cells, mode="linear")[0].T,
    ),
    reference=_keeps_features,
)


# --- project ---


def _linear(channels: int) -> Tensor:
    return fourier_features(axis_coordinates(CELLS)[:, None], channels, (CELLS,))


def _octaves(bands: int) -> Tensor:
    angles = math.pi * axis_coordinates(CELLS)[:, None] * 2.0 ** torch.arange(bands)
    return torch.cat([axis_coordinates(CELLS)[:, None], angles.sin(), angles.cos()], dim=-1)


FEWEST_CHANNELS = Project(
    name="positions.channels",
    task="write a function without arguments that returns an encoding of "
    f"{CELLS} positions on a line, [{CELLS}, channels], with numbers from -1 to 1. Noise of "
    "standard deviation 0.5 is added to every number, and the nearest encoding is taken. On "
    "average it may be one position off. The fewer channels, the better.",
    score=lambda yours: num_channels(yours()),
    rivals={
        "frequencies evenly spaced": smallest(_linear),
        "each frequency twice the last": smallest(_octaves),
    },
    limits={"positions off": (lambda yours: mean_error(yours()), 1.0)},
    is_lower_better=True,
)


# --- predict ---

MULTIMODAL = "deepmind/multimodal-perceiver"

PREDICTIONS = {
    "positions.photograph": walked(
        question="224 x 224 pixels, K = 64 bands on each axis. Which shape has the position "
        "encoding?",
        step=("deepmind/vision-perceiver-fourier", "preprocessor.positions"),
        slips={
            "H*W, 2*2*K": "256 are sines and cosines; y and x themselves are channels as well.",
            "H*W, 2*2*K + 1": "there is one coordinate for each axis: two.",
            "H*W, 2*K + 1": "that is one axis; a pixel has a y and an x.",
            "H*W, 2*(K + 1)": "each band is one frequency, and has a sine and a cosine.",
            "H*W, (2*K + 1)**2": "the features of the axes stand side by side, not multiplied.",
            "H + W, 2*(2*K + 1)": "every pixel has a row of its own, not every row and column.",
        },
    ),
    "positions.sound": walked(
        question="S = 30,720 samples of sound, 16 of them in each input, K = 192 bands.",
        step=(MULTIMODAL, "preprocessor.parts.audio.positions"),
        slips={
            "S, 2*K + 1": "16 samples together are one input, and have one position.",
            "S//16, 2*K": "the coordinate itself is a channel, too.",
            "S//16, 2*(2*K + 1)": "sound has one axis, time.",
            "S//16, K + 1": "each band has a sine and a cosine.",
        },
    ),
    "positions.video": walked(
        question="T = 16 frames of H x W = 224 x 224, in patches of 4 x 4 pixels, K = 32 bands.",
        step=(MULTIMODAL, "preprocessor.parts.image.positions"),
        slips={
            "T*(H//4)*(W//4), 2*(2*K + 1)": (
                "time is an axis like the others, although the post speaks of 2D."
            ),
            "T*(H//4)*(W//4), 3*(2*2*K + 1)": (
                "those are the 387 of the paper's appendix, with 64 bands; 32 were released."
            ),
            "T*(H//4)*(W//4), 3*2*K + 1": "there is one coordinate for each axis: three.",
            "T*(H//4)*(W//4), 3*2*K": "the coordinates are channels, too.",
            "T*H*W, 3*(2*K + 1)": "a patch of 4 x 4 pixels is one input, and has one position.",
        },
    ),
}
