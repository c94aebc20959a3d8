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
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..multimodal import (
    MultimodalDecoder,
    MultimodalPostprocessor,
    MultimodalPreprocessor,
    MultimodalQueries,
    OneHotPreprocessor,
)
from ..postprocessors import AudioHead, ClassificationHead, PixelHead
from ..preprocessors import AudioPreprocessor, VideoPreprocessor, build_positions
from ..queries import GridQueries, LearnedQueries


@dataclass(frozen=True)
class VideoConfig:
    """The moving picture of a multimodal autoencoder.

    Attributes:
        num_frames: frames.
        image_size: (height, width) in pixels.
        patch_size: side of the squares that are folded into channels, in pixels.
        positions: how the places of inputs and queries are written down.
        mask_probability: how often an input is replaced by the mask token.
    """

    num_frames: int
    image_size: tuple[int, int]
    patch_size: int
    positions: FourierConfig
    mask_probability: float = 0.0

    __post_init__ = check_fields

    @property
    def size(self) -> tuple[int, int, int]:
        """(frames, height, width), in pixels."""
        return (self.num_frames, *self.image_size)

    @property
    def cells(self) -> tuple[int, int, int]:
        """Inputs along each axis."""
        return (self.num_frames, *(n // self.patch_size for n in self.image_size))


@dataclass(frozen=True)
class AudioConfig:
    """The sound of a multimodal autoencoder.

    Attributes:
        num_samples: samples.
        samples_per_patch: samples that make one input.
        positions: how the places of inputs and queries are written down.
        mask_probability: how often an input is replaced by the mask token.
    """

    num_samples: int
    samples_per_patch: int
    positions: FourierConfig
    mask_probability: float = 0.0

    __post_init__ = check_fields

    @property
    def cells(self) -> tuple[int]:
        """Inputs along the one axis."""
        return (self.num_samples // self.samples_per_patch,)


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
        activation: the GELU in every MLP.
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
        """How many queries there are: one for each pixel, patch of sound, and class label."""
        return {
            "audio": math.prod(self.audio.cells),
            "image": math.prod(self.image.size),
            "label": 1,
        }

    @property
    def input_rows(self) -> dict[str, range]:
        """Which rows of the input array belong to which modality."""
        first = math.prod(self.audio.cells)
        label = first + math.prod(self.image.cells)
        return {
            "audio": range(first),
            "image": range(first, label),
            "label": range(label, label + 1),
        }

    def mask(self, names: Collection[str], batch_size: int) -> Bool[Tensor, "batch inputs"]:
        """Let only some modalities be attended to, for `encode` and the model itself.

        Args:
            names: of the modalities that are seen; the others stay hidden.
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
    """Paper: Perceiver IO 4.4."""
    preprocessor, queries = _preprocessor(config), _queries(config)
    decoder = MultimodalDecoder(
        config.decoder,
        queries.num_channels,
        config.encoder.latent_channels,
        output_channels=config.output_channels,
        activation=config.activation,
    )
    return initialise(
        PerceiverIO(
            preprocessor,
            PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation),
            queries,
            decoder,
            _postprocessor(config),
            config=config,
        )
    )


def _preprocessor(config: MultimodalConfig) -> MultimodalPreprocessor:
    audio, image = config.audio, config.image
    when = build_positions(audio.positions, audio.cells)
    where = build_positions(image.positions, image.cells)
    blocks = (1, image.patch_size, image.patch_size)
    parts = {
        "audio": AudioPreprocessor(audio.num_samples, audio.samples_per_patch, when),
        "image": VideoPreprocessor(image.size, blocks, where),
        "label": OneHotPreprocessor(config.label.num_classes),
    }
    masked = {name: getattr(config, name).mask_probability for name in parts}
    return MultimodalPreprocessor(parts, config.input_padding, masked)


def _queries(config: MultimodalConfig) -> MultimodalQueries:
    when, where = config.audio.positions, config.image.positions
    parts = {
        "audio": GridQueries(config.audio.cells, when.num_bands, when.max_resolution),
        "image": GridQueries(config.image.size, where.num_bands, where.max_resolution),
        "label": LearnedQueries(1, config.label.query_channels),
    }
    return MultimodalQueries(parts, config.query_padding)


def _postprocessor(config: MultimodalConfig) -> MultimodalPostprocessor:
    width = config.output_channels
    return MultimodalPostprocessor(
        {
            "audio": AudioHead(width, config.audio.samples_per_patch),
            "image": PixelHead(width, config.image.size),
            "label": ClassificationHead(width, config.label.num_classes),
        }
    )
