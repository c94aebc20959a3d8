"""Token classification: what is every byte part of?"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_fields
from ...zoo import build
from ..config import RESIDUAL, DecoderConfig, EncoderConfig
from ..decoder import PerceiverDecoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import LinearHead
from ..preprocessors import TextPreprocessor
from ..queries import InputQueries, PlaceQueries


@dataclass(frozen=True)
class TokenClassifierConfig:
    """Bytes in, for each byte one score for each label out: names in a text, for instance.

    Attributes:
        encoder: see `EncoderConfig`.
        num_labels: scores of a byte; one of the labels is "none of the others".
        decoder: see `DecoderConfig`.
        ask: what the query of a byte is. "inputs": the byte itself, with its place, as in
            optical flow. "places": a learned row for its place, as in masked language
            modelling.
        input_channels: width of a byte's embedding, and of the queries.
        max_bytes: longest text, in bytes.
        vocabulary: 256 bytes and 6 special ids.
        activation: the GELU in every MLP.
    """

    encoder: EncoderConfig
    num_labels: int
    decoder: DecoderConfig = RESIDUAL
    ask: Literal["inputs", "places"] = "inputs"
    input_channels: int = 768
    max_bytes: int = 2048
    vocabulary: int = 262
    activation: Activation = "gelu"

    def __post_init__(self):
        check_fields(self)

    def example_input(self, batch_size: int = 1) -> Int[Tensor, "batch bytes"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.max_bytes, dtype=torch.long)


@build.register
def _(config: TokenClassifierConfig) -> PerceiverIO:
    """Ours, in the manner of Perceiver IO 4.1 and 4.3."""
    width, latent_channels = config.input_channels, config.encoder.latent_channels
    by_input = config.ask == "inputs"
    return initialise(
        PerceiverIO(
            TextPreprocessor(width, config.max_bytes, config.vocabulary),
            PerceiverEncoder(config.encoder, width, config.activation),
            InputQueries(width) if by_input else PlaceQueries(config.max_bytes, width),
            PerceiverDecoder(config.decoder, width, latent_channels, activation=config.activation),
            LinearHead(width, config.num_labels),
            config=config,
        )
    )
