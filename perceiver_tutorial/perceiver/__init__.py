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
from .fidelity import disagreements, with_fidelity
from .model import PerceiverIO
from .parts import PerceiverConfig
from .preprocessors import flow_patches
from .published import PUBLISHED, TEXT_CLASSIFIER
from .resize import resized
from .tasks import (
    AudioConfig,
    ImageClassifierConfig,
    LabelConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    TextClassifierConfig,
    VideoConfig,
)
from .tiny import TINY
from .tokenizer import characters, decode_text, encode_text

__all__ = [
    "PUBLISHED",
    "TEXT_CLASSIFIER",
    "TINY",
    "AudioConfig",
    "Conv1x1Stem",
    "ConvPoolStem",
    "DecoderConfig",
    "EncoderConfig",
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
    "TextClassifierConfig",
    "VideoConfig",
    "build",
    "characters",
    "decode_text",
    "disagreements",
    "encode_text",
    "example_input",
    "flow_patches",
    "resized",
    "with_fidelity",
]
