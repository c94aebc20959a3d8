"""A task in a file: what can be chosen, what model follows, and what it is fed."""

from .entities import EntityConfig
from .image_classification import ImageClassifierConfig
from .language import MaskedLanguageConfig, TextClassifierConfig, fill_mask
from .multimodal_autoencoding import AudioConfig, LabelConfig, MultimodalConfig, VideoConfig
from .optical_flow import OpticalFlowConfig
from .point_clouds import PointCloudConfig
from .question_answering import SpanConfig
from .token_classification import TokenClassifierConfig

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
    "fill_mask",
]
