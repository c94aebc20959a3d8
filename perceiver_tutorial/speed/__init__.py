"""Faster twins of models, for inference: the same answers, sooner and in less memory."""

from .faster import speed_up
from .processor import describe

__all__ = ["describe", "speed_up"]
