"""Fourier features: how a place is written, and which other places are written alike."""

from ..positions import fourier_features, grid_positions
from ..viz import Picture, draw_similarity
from .explorer import Explorer
from .knobs import Whole

CELLS = 32
KNOBS = {
    "num_bands": Whole("bands", 1, 32, 8),
    "max_resolution": Whole("maximum resolution", 2, 128, 32),
    "row": Whole("row", 0, CELLS - 1, 12),
    "column": Whole("column", 0, CELLS - 1, 20),
}


def draw(num_bands: int, max_resolution: int, row: int, column: int) -> Picture:
    """How alike one place and all others are written."""
    positions = grid_positions((CELLS, CELLS))
    features = fourier_features(positions, num_bands, (max_resolution, max_resolution))
    return draw_similarity(features, (CELLS, CELLS), (row, column))


def fourier() -> Explorer:
    """Turn bands and resolution, and see which places can be told apart."""
    hint = "Turn the bands down to 1: whole stripes of places become alike."
    return Explorer("Fourier features", draw, KNOBS, hint)
