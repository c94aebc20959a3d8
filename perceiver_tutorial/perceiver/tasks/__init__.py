"""A task in a file: what can be chosen, what model follows, and what it is fed."""

from .answers import SpanConfig
from .entities import EntityConfig
from .flow import OpticalFlowConfig
from .images import ImageClassifierConfig
from .language import MaskedLanguageConfig, TextClassifierConfig, positioned_bytes
from .multimodal import AudioConfig, LabelConfig, MultimodalConfig, VideoConfig
from .points import PointCloudConfig
from .tagging import TokenClassifierConfig

__all__ = [
    "AudioConfig",
    "EntityConfig",
    "ImageClassifierConfig",
    "LabelConfig",
    "MaskedLanguageConfig",
    "MultimodalConfig",
    "OpticalFlowConfig",
    "PointCloudConfig",
    "SpanConfig",
    "TextClassifierConfig",
    "TokenClassifierConfig",
    "VideoConfig",
    "positioned_bytes",
]
