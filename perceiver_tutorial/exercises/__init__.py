"""Judging answers: inputs to try, the reference, the usual slips, and shapes to guess."""

from .check import Exercise, NotYet, Slip
from .perceiver import MAP_CELLS, READ, RUNS
from .positions import CELL_POSITION, FOURIER_1D, FOURIER_WIDTH
from .predict import Prediction
from .predictions import predict

__all__ = [
    "CELL_POSITION",
    "FOURIER_1D",
    "FOURIER_WIDTH",
    "MAP_CELLS",
    "READ",
    "RUNS",
    "Exercise",
    "NotYet",
    "Prediction",
    "Slip",
    "predict",
]
