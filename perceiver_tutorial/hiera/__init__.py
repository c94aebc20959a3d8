"""Hiera: a plain hierarchical vision transformer, for images and videos."""

from .build import build
from .config import HieraConfig, HieraMAEConfig
from .gaze import gaze
from .mae import HieraMAE
from .mask_units import join_units, pool, reroll, reroll_units, unroll
from .masks import block_units, keep_of, random_units, tube_units
from .model import Hiera
from .published import PUBLISHED
from .targets import Reconstruction

__all__ = [
    "PUBLISHED",
    "Hiera",
    "HieraConfig",
    "HieraMAE",
    "HieraMAEConfig",
    "Reconstruction",
    "block_units",
    "build",
    "gaze",
    "join_units",
    "keep_of",
    "pool",
    "random_units",
    "reroll",
    "reroll_units",
    "tube_units",
    "unroll",
]
