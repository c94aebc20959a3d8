"""Weights that others published, in their files, under our names."""

from .load import load

__all__ = ["load"]
