"""Explorers: turn a knob and see the consequence. ipywidgets is at home here only."""

from collections.abc import Callable

from .explorer import Explorer, corners
from .fourier import fourier

EXPLORERS: dict[str, Callable[[], Explorer]] = {
    "fourier": fourier,
}

__all__ = ["EXPLORERS", "Explorer", "corners", "fourier"]
