"""Weights that others published, in their files, under our names; and ours in their files."""

from .compare import Comparison, Match
from .load import compare, load
from .perceiver import transpose_stem_kernel
from .processors import preparation, processor
from .save import save

__all__ = [
    "Comparison",
    "Match",
    "compare",
    "load",
    "preparation",
    "processor",
    "save",
    "transpose_stem_kernel",
]
