"""Texts as bytes: guess the hidden ones, or say which kind of text it is."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Int
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_classes, check_fields
from ...positions import LearnedPositions
from ...zoo import build
from ..config import RESIDUAL, DecoderConfig, EncoderConfig
from ..decoder import PerceiverDecoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import ClassLogits, TiedByteLogits
from ..preprocessors import AddedPositions, ByteEmbedding
from ..queries import LearnedQueries, PlaceQueries


def positioned_bytes(channels: int, max_bytes: int, vocabulary: int = 262) -> AddedPositions:
    """An embedding for each byte, and one added for its place. Paper: Perceiver IO 4.1.

    Args:
        channels: width of an embedding.
        max_bytes: longest text, in bytes.
        vocabulary: 256 bytes and 6 special ids.
    """
    return AddedPositions(
        ByteEmbedding(channels, max_bytes, vocabulary), LearnedPositions((max_bytes,), channels)
    )


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

    __post_init__ = check_fields

    def example_input(self, batch_size: int = 1) -> Int[Tensor, "batch bytes"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.max_bytes, dtype=torch.long)


@build.register
def _(config: MaskedLanguageConfig) -> PerceiverIO:
    """A model with random weights. Paper: Perceiver IO 4.1."""
    preprocessor = positioned_bytes(config.input_channels, config.max_bytes, config.vocabulary)
    width = config.input_channels
    return initialise(
        PerceiverIO(
            preprocessor=preprocessor,
            encoder=PerceiverEncoder(config.encoder, width, config.activation),
            queries=PlaceQueries(config.max_bytes, width),
            decoder=PerceiverDecoder(
                config.decoder, width, config.encoder.latent_channels, activation=config.activation
            ),
            postprocessor=TiedByteLogits(preprocessor.what.table),
            mask_queries=config.mask_queries,
            config=config,
        )
    )


@dataclass(frozen=True)
class TextClassifierConfig:
    """Bytes in, one score for each class out.

    Attributes as in `MaskedLanguageConfig` and `ImageClassifierConfig`.

    Raises:
        ValueError: if there are more or fewer names than classes.
    """

    encoder: EncoderConfig
    num_classes: int
    decoder: DecoderConfig = RESIDUAL
    input_channels: int = 768
    max_bytes: int = 2048
    vocabulary: int = 262
    activation: Activation = "gelu"
    class_names: tuple[str, ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        check_fields(self)
        check_classes(self.class_names, self.num_classes)

    def example_input(self, batch_size: int = 1) -> Int[Tensor, "batch bytes"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.max_bytes, dtype=torch.long)


@build.register
def _(config: TextClassifierConfig) -> PerceiverIO:
    """A model with random weights: the masked language model's encoder, and one query."""
    width = config.encoder.latent_channels
    return initialise(
        PerceiverIO(
            preprocessor=positioned_bytes(
                config.input_channels, config.max_bytes, config.vocabulary
            ),
            encoder=PerceiverEncoder(config.encoder, config.input_channels, config.activation),
            queries=LearnedQueries(1, width),
            decoder=PerceiverDecoder(config.decoder, width, width, activation=config.activation),
            postprocessor=ClassLogits(width, config.num_classes),
            config=config,
        )
    )
