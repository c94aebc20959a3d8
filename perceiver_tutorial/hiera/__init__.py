"""Hiera: a plain hierarchical vision transformer, for images and videos."""

from ..masks import block_units, keep_of, random_units, tube_units
from .build import build
from .config import HieraConfig, HieraMAEConfig
from .gaze import gaze
from .inflate import inflate
from .initial import xavier
from .mae import HieraMAE
from .mask_units import join_units, pool, reroll, reroll_units, unroll
from .model import Hiera
from .published import PUBLISHED, video
from .segmenter import HieraSegmenter, HieraSegmenterConfig
from .targets import Reconstruction, borrowed_means
from .transfer import classifier_from

__all__ = [
    "PUBLISHED",
    "Hiera",
    "HieraConfig",
    "HieraMAE",
    "HieraMAEConfig",
    "HieraSegmenter",
    "HieraSegmenterConfig",
    "Reconstruction",
    "block_units",
    "borrowed_means",
    "build",
    "classifier_from",
    "gaze",
    "inflate",
    "join_units",
    "keep_of",
    "pool",
    "random_units",
    "reroll",
    "reroll_units",
    "tube_units",
    "unroll",
    "video",
    "xavier",
]
