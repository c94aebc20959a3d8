"""Perceiver IO: any modality through a small latent array."""

from .config import (
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    LearnedConfig,
    PatchStem,
    PerceiverConfig,
    PixelStem,
)
from .flow_tiles import flow_in_pixels, local_contrast_normalisation, predict_flow
from .model import PerceiverIO
from .perceiver_v1 import PERCEIVER_V1
from .preprocessors import flow_patches
from .published import (
    ALPHASTAR_ENTITIES,
    MODELNET40,
    PUBLISHED,
    TEXT_CLASSIFIER,
    build,
    example_input,
)
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
    fill_mask,
)
from .tiny import TINY
from .tokenizer import characters, decode_text, encode_text
from .variants import disagreements, resized, with_fidelity

__all__ = [
    "ALPHASTAR_ENTITIES",
    "MODELNET40",
    "PERCEIVER_V1",
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
    "example_input",
    "fill_mask",
    "flow_in_pixels",
    "flow_patches",
    "local_contrast_normalisation",
    "predict_flow",
    "resized",
    "with_fidelity",
]
