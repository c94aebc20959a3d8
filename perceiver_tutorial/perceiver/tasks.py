"""What can be chosen about each task: its parts, its sizes, its answer."""

from dataclasses import dataclass

from ..attention import Activation
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

RESIDUAL = DecoderConfig(query_residual=True)
NO_RESIDUAL = DecoderConfig(query_residual=False)


@dataclass(frozen=True)
class ImageClassifierConfig:
    """An image in, one score for each class out.

    Attributes:
        encoder: see `EncoderConfig`.
        stem: what an input says of the image.
        positions: how an input says where it is.
        image_size: (height, width) in pixels.
        image_channels: colours of a pixel.
        num_classes: scores wanted.
        decoder: see `DecoderConfig`.
        activation: the bend in every MLP.
    """

    encoder: EncoderConfig
    stem: PixelStem | Conv1x1Stem | ConvPoolStem | PatchStem
    positions: FourierConfig | LearnedConfig
    image_size: tuple[int, int] = (224, 224)
    image_channels: int = 3
    num_classes: int = 1000
    decoder: DecoderConfig = RESIDUAL
    activation: Activation = "gelu"


@dataclass(frozen=True)
class MaskedLanguageConfig:
    """Bytes in, for each byte one score for each possible byte out.

    Attributes:
        encoder: see `EncoderConfig`.
        decoder: see `DecoderConfig`.
        input_channels: width of a byte's embedding, and of the queries.
        max_bytes: longest text, in bytes.
        vocabulary: 256 bytes and 6 special ids.
        mask_queries: let the queries of bytes that are not kept read zeros, as
            DeepMind's code does.
        activation: the bend in every MLP.
    """

    encoder: EncoderConfig
    decoder: DecoderConfig
    input_channels: int = 768
    max_bytes: int = 2048
    vocabulary: int = 262
    mask_queries: bool = False
    activation: Activation = "gelu"


@dataclass(frozen=True)
class TextClassifierConfig:
    """Bytes in, one score for each class out. Attributes as in `MaskedLanguageConfig`."""

    encoder: EncoderConfig
    num_classes: int
    decoder: DecoderConfig = RESIDUAL
    input_channels: int = 768
    max_bytes: int = 2048
    vocabulary: int = 262
    activation: Activation = "gelu"


@dataclass(frozen=True)
class OpticalFlowConfig:
    """Two frames in, one motion vector for each pixel out.

    Attributes:
        encoder: see `EncoderConfig`.
        positions: how an input says where it is.
        image_size: (height, width) in pixels.
        patch_channels: width of a pixel's 54 neighbourhood colours after a linear map.
        divide_by: what the decoder's numbers are divided by.
        decoder: see `DecoderConfig`.
        activation: the bend in every MLP.
    """

    encoder: EncoderConfig
    positions: FourierConfig
    image_size: tuple[int, int] = (368, 496)
    patch_channels: int = 64
    divide_by: float = 100.0
    decoder: DecoderConfig = NO_RESIDUAL
    activation: Activation = "gelu"


@dataclass(frozen=True)
class VideoConfig:
    """The moving picture of a multimodal autoencoder.

    Attributes:
        num_frames: frames.
        image_size: (height, width) in pixels.
        patch_size: side of the squares that are folded into channels, in pixels.
        positions: how inputs and queries say where they are.
        mask_probability: how often an input is replaced by the mask token.
    """

    num_frames: int
    image_size: tuple[int, int]
    patch_size: int
    positions: FourierConfig
    mask_probability: float = 0.0


@dataclass(frozen=True)
class AudioConfig:
    """The sound of a multimodal autoencoder.

    Attributes:
        num_samples: samples.
        samples_per_patch: samples that make one input.
        positions: how inputs and queries say where they are.
        mask_probability: how often an input is replaced by the mask token.
    """

    num_samples: int
    samples_per_patch: int
    positions: FourierConfig
    mask_probability: float = 0.0


@dataclass(frozen=True)
class LabelConfig:
    """The class of a multimodal autoencoder.

    Attributes:
        num_classes: scores wanted.
        query_channels: width of the one learned query.
        mask_probability: how often the label is replaced by the mask token;
            always, as published, makes the autoencoder a classifier.
    """

    num_classes: int
    query_channels: int
    mask_probability: float = 1.0


@dataclass(frozen=True)
class MultimodalConfig:
    """Video, sound and label in, the same three out.

    Attributes:
        encoder: see `EncoderConfig`.
        image: the moving picture.
        audio: the sound.
        label: the class.
        output_channels: width of an output row, before each modality's own map.
        input_padding: learned channels that the widest modality gets; others get more.
        query_padding: the same for the queries.
        decoder: see `DecoderConfig`.
        activation: the bend in every MLP.
    """

    encoder: EncoderConfig
    image: VideoConfig
    audio: AudioConfig
    label: LabelConfig
    output_channels: int = 512
    input_padding: int = 4
    query_padding: int = 2
    decoder: DecoderConfig = NO_RESIDUAL
    activation: Activation = "gelu"


PerceiverConfig = (
    ImageClassifierConfig
    | MaskedLanguageConfig
    | TextClassifierConfig
    | OpticalFlowConfig
    | MultimodalConfig
)
