"""One loop for every model of the course: it knows modules and losses, and no paper."""

from .accuracy import accuracy
from .baselines import small_cnn
from .batches import batches
from .bright_things import BrightThings, bright_things
from .clouds import DistanceHistogram, PointNet, distance_classifier
from .loop import History, fit
from .psnr import psnr
from .set_scorers import RowScorer
from .spectrum import LogSpectrum, spectrum_classifier
from .tv_l1 import tv_l1

__all__ = [
    "BrightThings",
    "DistanceHistogram",
    "History",
    "LogSpectrum",
    "PointNet",
    "RowScorer",
    "accuracy",
    "batches",
    "bright_things",
    "distance_classifier",
    "fit",
    "psnr",
    "small_cnn",
    "spectrum_classifier",
    "tv_l1",
]
