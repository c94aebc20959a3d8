"""Judging answers: inputs to try, the reference, the usual slips, and shapes to guess."""

from .check import BugHunt, Exercise, NotYet, Slip
from .dummies import Dummy
from .perceiver import MAP_CELLS, READ, RUNS, SHARES_OUT_ONE
from .positions import CELL_POSITION, FOURIER_1D, FOURIER_WIDTH, PLACES_OF_ITS_OWN
from .predict import Prediction
from .predictions import predict
from .shapes import LINEAR_PARAMETERS, PIXELS_TO_ROWS, ROW_OF_PIXEL

__all__ = [
    "CELL_POSITION",
    "FOURIER_1D",
    "FOURIER_WIDTH",
    "LINEAR_PARAMETERS",
    "MAP_CELLS",
    "PIXELS_TO_ROWS",
    "PLACES_OF_ITS_OWN",
    "READ",
    "ROW_OF_PIXEL",
    "RUNS",
    "SHARES_OUT_ONE",
    "BugHunt",
    "Dummy",
    "Exercise",
    "NotYet",
    "Prediction",
    "Slip",
    "predict",
]
