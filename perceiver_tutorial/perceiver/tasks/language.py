"""Texts as bytes: guess the hidden ones, or say which kind of text it is."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_classes, check_fields
from ...zoo import build
from ..config import RESIDUAL, DecoderConfig, EncoderConfig
from ..decoder import PerceiverDecoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import ClassificationHead, TiedHead
from ..preprocessors import TextPreprocessor
from ..queries import LearnedQueries, PlaceQueries
from ..tokenizer import MASK, OFFSET, PAD

UNDERSCORE = ord("_") + OFFSET


@dataclass(frozen=True)
class MaskedLanguageConfig:
    """Bytes in, for each byte one score for each possible byte out.

    Attributes:
        encoder: see `EncoderConfig`.
        decoder: see `DecoderConfig`.
        input_channels: width of a byte's embedding, and of the queries.
        max_bytes: longest text, in bytes.
        vocabulary: 256 bytes and 6 special ids.
        mask_queries: let the queries of masked bytes attend to nothing, as DeepMind's
            code does.
        activation: the GELU in every MLP.
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
    """Paper: Perceiver IO 4.1."""
    width, latent_channels = config.input_channels, config.encoder.latent_channels
    preprocessor = TextPreprocessor(width, config.max_bytes, config.vocabulary)
    return initialise(
        PerceiverIO(
            preprocessor,
            PerceiverEncoder(config.encoder, width, config.activation),
            PlaceQueries(config.max_bytes, width),
            PerceiverDecoder(config.decoder, width, latent_channels, activation=config.activation),
            TiedHead(preprocessor.embeddings),
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
    """The masked language model's encoder, and one query."""
    width = config.encoder.latent_channels
    return initialise(
        PerceiverIO(
            TextPreprocessor(config.input_channels, config.max_bytes, config.vocabulary),
            PerceiverEncoder(config.encoder, config.input_channels, config.activation),
            LearnedQueries(1, width),
            PerceiverDecoder(config.decoder, width, width, activation=config.activation),
            ClassificationHead(width, config.num_classes),
            config=config,
        )
    )


def fill_mask(
    model: PerceiverIO, ids: Int[Tensor, "batch bytes"], hidden: Bool[Tensor, "batch bytes"]
) -> Int[Tensor, "batch bytes"]:
    """Put the likeliest byte in every hidden place; bytes in sight stay.

    Args:
        model: a masked language model.
        ids: texts. What stands in hidden places is not looked at.
        hidden: True where a byte is to be guessed.
    """
    masked = ids.masked_fill(hidden, MASK)
    with torch.inference_mode():
        likeliest = model(masked, mask=masked != PAD).argmax(-1)
    return torch.where(hidden, likeliest, ids)
