"""A task in a file: what can be chosen, what model follows, and what it is fed."""

from .flow import OpticalFlowConfig
from .images import ImageClassifierConfig
from .language import MaskedLanguageConfig, TextClassifierConfig, positioned_bytes
from .multimodal import AudioConfig, LabelConfig, MultimodalConfig, VideoConfig

__all__ = [
    "AudioConfig",
    "ImageClassifierConfig",
    "LabelConfig",
    "MaskedLanguageConfig",
    "MultimodalConfig",
    "OpticalFlowConfig",
    "TextClassifierConfig",
    "VideoConfig",
    "positioned_bytes",
]
