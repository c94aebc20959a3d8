"""Perceiver IO: any modality through a small latent array."""

from .build import build, example_input
from .config import (
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    LearnedConfig,
    PatchStem,
    PixelStem,
)
from .contrast import even_contrast
from .fidelity import disagreements, with_fidelity
from .flow import flow_in_pixels, predict_flow
from .model import PerceiverIO
from .original import ORIGINAL
from .parts import PerceiverConfig
from .preprocessors import flow_patches
from .published import ALPHASTAR_ENTITIES, MODELNET40, PUBLISHED, TEXT_CLASSIFIER
from .resize import resized
from .tasks import (
    AudioConfig,
    EntityConfig,
    ImageClassifierConfig,
    LabelConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PointCloudConfig,
    SpanConfig,
    TextClassifierConfig,
    TokenClassifierConfig,
    VideoConfig,
)
from .tiny import TINY
from .tokenizer import characters, decode_text, encode_text

__all__ = [
    "ALPHASTAR_ENTITIES",
    "MODELNET40",
    "ORIGINAL",
    "PUBLISHED",
    "TEXT_CLASSIFIER",
    "TINY",
    "AudioConfig",
    "Conv1x1Stem",
    "ConvPoolStem",
    "DecoderConfig",
    "EncoderConfig",
    "EntityConfig",
    "FourierConfig",
    "ImageClassifierConfig",
    "LabelConfig",
    "LearnedConfig",
    "MaskedLanguageConfig",
    "MultimodalConfig",
    "OpticalFlowConfig",
    "PatchStem",
    "PerceiverConfig",
    "PerceiverIO",
    "PixelStem",
    "PointCloudConfig",
    "SpanConfig",
    "TextClassifierConfig",
    "TokenClassifierConfig",
    "VideoConfig",
    "build",
    "characters",
    "decode_text",
    "disagreements",
    "encode_text",
    "even_contrast",
    "example_input",
    "flow_in_pixels",
    "flow_patches",
    "predict_flow",
    "resized",
    "with_fidelity",
]
