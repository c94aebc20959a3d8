"""Fourier features: how a place is written, who is written alike, and waves in disguise."""

import torch

from ..positions import fourier_features, grid_positions
from ..viz import Picture, draw_fourier
from .explorer import Explorer, Settings
from .knobs import Choice, Whole

FRAMES = 6


def _along(label: str, least_dims: int, start: int):
    """A knob for an index along an axis, which is 0 where there is no such axis."""

    def knob(settings: Settings) -> Whole:
        last = FRAMES - 1 if label == "frame" else settings["num_cells"] - 1
        high = last if settings["num_dims"] >= least_dims else 0
        return Whole(label, 0, high, min(start, high))

    return knob


KNOBS = {
    "num_dims": Choice("dimensions", (1, 2, 3), 2),
    "num_bands": Whole("bands", 1, 32, 6),
    "max_resolution": Whole("maximum resolution", 2, 64, 40),
    "num_cells": Whole("cells along an axis", 4, 28, 24, step=4),
    "column": _along("column", 1, 15),
    "row": _along("row", 2, 9),
    "frame": _along("frame", 3, 2),
}


def draw(
    num_dims: int,
    num_bands: int,
    max_resolution: int,
    num_cells: int,
    column: int,
    row: int,
    frame: int,
) -> Picture:
    """Bands, likeness and the fastest wave; a film's few frames keep their own resolution."""
    index_dims = (FRAMES, num_cells, num_cells)[-num_dims:]
    resolutions = (FRAMES, max_resolution, max_resolution)[-num_dims:]
    features = fourier_features(grid_positions(index_dims), num_bands, resolutions)
    pitches = torch.stack([torch.linspace(1, most / 2, num_bands) for most in resolutions])
    return draw_fourier(features, index_dims, pitches, (frame, row, column)[-num_dims:])


def fourier() -> Explorer:
    """How a place is written in waves, which places are alike, and what aliasing looks like."""
    hint = (
        "Turn the maximum resolution down until the dashed wave is gone; then turn the bands "
        "down to 2, and count the places that can no longer be told apart."
    )
    return Explorer("Fourier features", draw, KNOBS, hint)
