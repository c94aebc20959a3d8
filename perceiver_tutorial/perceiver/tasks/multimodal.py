"""Video, sound and label in, the same three out."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_classes, check_fields
from ...zoo import build
from ..config import NO_RESIDUAL, DecoderConfig, EncoderConfig, FourierConfig
from ..decoder import PerceiverDecoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..multimodal import (
    MultimodalDecoder,
    MultimodalPostprocessor,
    MultimodalPreprocessor,
    MultimodalQueries,
)
from ..postprocessors import AudioSamples, ClassLogits, PicturePixels
from ..preprocessors import AppendedPositions, AudioPatches, OneHotLabel, Patches
from ..queries import GridQueries, LearnedQueries


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

    __post_init__ = check_fields


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

    __post_init__ = check_fields


@dataclass(frozen=True)
class LabelConfig:
    """The class of a multimodal autoencoder.

    Attributes:
        num_classes: scores wanted.
        query_channels: width of the one learned query.
        mask_probability: how often the label is replaced by the mask token;
            always, as published, makes the autoencoder a classifier.
        class_names: what each class is called, where that is known. Says nothing of what is
            computed: two configurations that differ in it are equal.

    Raises:
        ValueError: if there are more or fewer names than classes.
    """

    num_classes: int
    query_channels: int
    mask_probability: float = 1.0
    class_names: tuple[str, ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        check_fields(self)
        check_classes(self.class_names, self.num_classes)


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

    def __post_init__(self):
        check_fields(self, may_be_0=("input_padding", "query_padding"))

    def example_input(self, batch_size: int = 1) -> dict[str, Tensor]:
        """Zeros in the shape of the raw input."""
        return {
            "image": torch.zeros(batch_size, self.image.num_frames, 3, *self.image.image_size),
            "audio": torch.zeros(batch_size, self.audio.num_samples, 1),
            "label": torch.zeros(batch_size, self.label.num_classes),
        }

    @property
    def num_outputs(self) -> dict[str, int]:
        """How many questions there are: one for each pixel, patch of sound, and class label."""
        return {
            "audio": self.audio.num_samples // self.audio.samples_per_patch,
            "image": math.prod(_video_size(self.image)),
            "label": 1,
        }

    @property
    def input_rows(self) -> dict[str, range]:
        """Which rows of the input array belong to which modality."""
        patches = self.num_outputs["image"] // self.image.patch_size**2
        first = self.num_outputs["audio"]
        label = first + patches
        return {
            "audio": range(first),
            "image": range(first, label),
            "label": range(label, label + 1),
        }

    def mask(self, names: Collection[str], batch_size: int) -> Bool[Tensor, "batch inputs"]:
        """Let only some modalities be read, for `encode` and the model itself.

        Args:
            names: of the modalities that are read; the others stay hidden.
            batch_size: samples.

        Raises:
            ValueError: if there is no such modality.
        """
        rows = self.input_rows
        if unknown := set(names) - set(rows):
            raise ValueError(
                f"expected names out of {', '.join(rows)}, got {', '.join(sorted(unknown))}."
            )
        mask = torch.zeros(batch_size, rows["label"].stop, dtype=torch.bool)
        for name in names:
            mask[:, rows[name]] = True
        return mask


@build.register
def _(config: MultimodalConfig) -> PerceiverIO:
    """A model with random weights. Paper: Perceiver IO 4.4."""
    preprocessor = _multimodal_preprocessor(config)
    queries = _multimodal_queries(config)
    decoder = PerceiverDecoder(
        config.decoder,
        queries.num_channels,
        config.encoder.latent_channels,
        output_channels=config.output_channels,
        activation=config.activation,
    )
    return initialise(
        PerceiverIO(
            preprocessor=preprocessor,
            encoder=PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation),
            queries=queries,
            decoder=MultimodalDecoder(decoder),
            postprocessor=_multimodal_postprocessor(config),
            config=config,
        )
    )


def _video_size(image: VideoConfig) -> tuple[int, int, int]:
    return (image.num_frames, *image.image_size)


def _sound(audio: AudioConfig) -> AudioPatches:
    return AudioPatches(audio.num_samples, audio.samples_per_patch)


def _multimodal_preprocessor(config: MultimodalConfig) -> MultimodalPreprocessor:
    side = config.image.patch_size
    patches = Patches(_video_size(config.image), (1, side, side))
    sound = _sound(config.audio)
    modalities = {
        "audio": AppendedPositions(sound, config.audio.positions.build(sound.index_dims)),
        "image": AppendedPositions(patches, config.image.positions.build(patches.index_dims)),
        "label": OneHotLabel(config.label.num_classes),
    }
    masked = {name: getattr(config, name).mask_probability for name in modalities}
    return MultimodalPreprocessor(modalities, config.input_padding, masked)


def _multimodal_queries(config: MultimodalConfig) -> MultimodalQueries:
    places = {"audio": _sound(config.audio).index_dims, "image": _video_size(config.image)}
    queries = {
        name: GridQueries(
            index_dims,
            getattr(config, name).positions.num_bands,
            getattr(config, name).positions.max_resolution,
        )
        for name, index_dims in places.items()
    }
    queries["label"] = LearnedQueries(1, config.label.query_channels)
    return MultimodalQueries(queries, config.query_padding)


def _multimodal_postprocessor(config: MultimodalConfig) -> MultimodalPostprocessor:
    width = config.output_channels
    return MultimodalPostprocessor(
        {
            "audio": AudioSamples(width, config.audio.samples_per_patch),
            "image": PicturePixels(width, _video_size(config.image)),
            "label": ClassLogits(width, config.label.num_classes),
        }
    )
