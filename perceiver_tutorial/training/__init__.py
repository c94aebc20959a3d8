"""One loop for every model of the course: it knows modules and losses, and no paper."""

from .accuracy import accuracy
from .augment import jitter
from .averaging import moving_average
from .baselines import small_cnn
from .batches import batches, repeated
from .bright_things import BrightThings, bright_things
from .clouds import DistanceHistogram, PointNet, distance_classifier
from .convnet import ConvNetConfig
from .loop import History, fit
from .mixing import binary_loss, cutmix, mixed, mixup, soft_labels
from .probe import linear_probe
from .psnr import psnr
from .segments import mean_overlap, overlaps, pixel_classifier
from .set_scorers import RowScorer
from .spectrum import LogSpectrum, spectrum_classifier
from .tv_l1 import tv_l1

__all__ = [
    "BrightThings",
    "ConvNetConfig",
    "DistanceHistogram",
    "History",
    "LogSpectrum",
    "PointNet",
    "RowScorer",
    "accuracy",
    "batches",
    "binary_loss",
    "bright_things",
    "cutmix",
    "distance_classifier",
    "fit",
    "jitter",
    "linear_probe",
    "mean_overlap",
    "mixed",
    "mixup",
    "moving_average",
    "overlaps",
    "pixel_classifier",
    "psnr",
    "repeated",
    "small_cnn",
    "soft_labels",
    "spectrum_classifier",
    "tv_l1",
]
