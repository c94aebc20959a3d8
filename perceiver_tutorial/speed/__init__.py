"""Faster twins of models, for inference: the same answers, sooner and in less memory."""

from .faster import speed_up

__all__ = ["speed_up"]
