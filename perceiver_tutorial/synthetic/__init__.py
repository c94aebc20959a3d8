"""Data made by arithmetic: seeded, and labelled by construction."""

from .shapes import SHAPES, shapes

__all__ = ["SHAPES", "shapes"]
