"""Hiera: a plain hierarchical vision transformer, for images and videos."""

from ..masks import block_units, mask_of, random_units, tube_units
from .build import build
from .config import HieraConfig, HieraMAEConfig
from .initial import xavier
from .mae import HieraMAE
from .mask_units import join_units, pool, reroll, reroll_units, unroll
from .model import Hiera
from .published import PUBLISHED, video
from .targets import Reconstruction
from .transfer import classifier_from

__all__ = [
    "PUBLISHED",
    "Hiera",
    "HieraConfig",
    "HieraMAE",
    "HieraMAEConfig",
    "Reconstruction",
    "block_units",
    "build",
    "classifier_from",
    "join_units",
    "mask_of",
    "pool",
    "random_units",
    "reroll",
    "reroll_units",
    "tube_units",
    "unroll",
    "video",
    "xavier",
]
