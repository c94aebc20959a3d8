"""Raw data in, one flat input array out: what is there, and where it is."""

from .audio import AudioPreprocessor
from .frame_pairs import FlowPreprocessor, flow_patches
from .grid import append_positions, build_positions
from .images import (
    ConvPreprocessor,
    PixelPreprocessor,
    VideoPreprocessor,
    image_preprocessor,
    space_to_depth,
)
from .points import PointPreprocessor
from .text import TextPreprocessor

__all__ = [
    "AudioPreprocessor",
    "ConvPreprocessor",
    "FlowPreprocessor",
    "PixelPreprocessor",
    "PointPreprocessor",
    "TextPreprocessor",
    "VideoPreprocessor",
    "append_positions",
    "build_positions",
    "flow_patches",
    "image_preprocessor",
    "space_to_depth",
]
