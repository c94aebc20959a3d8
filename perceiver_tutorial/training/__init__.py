"""One loop for every model of the course: it knows modules and losses, and no paper."""

from .accuracy import accuracy
from .baselines import small_cnn
from .batches import batches
from .loop import History, fit

__all__ = ["History", "accuracy", "batches", "fit", "small_cnn"]
