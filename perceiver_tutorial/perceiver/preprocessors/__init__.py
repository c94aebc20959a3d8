"""Raw data in, one flat input array out: what is there, and where it is."""

from .audio import AudioPatches
from .conv_stem import ConvPool
from .embedded import Embedded
from .flow import flow_patches
from .labels import OneHotLabel
from .pictures import Conv1x1, Patches, Pixels
from .points import Points
from .positioned import AddedPositions, AppendedPositions
from .text import ByteEmbedding

__all__ = [
    "AddedPositions",
    "AppendedPositions",
    "AudioPatches",
    "ByteEmbedding",
    "Conv1x1",
    "ConvPool",
    "Embedded",
    "OneHotLabel",
    "Patches",
    "Pixels",
    "Points",
    "flow_patches",
]
