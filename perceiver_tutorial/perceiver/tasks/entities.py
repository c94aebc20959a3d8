"""Sets of entities: one answer for each, from all of them."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_fields
from ...zoo import build
from ..config import RESIDUAL, DecoderConfig, EncoderConfig, FourierConfig
from ..decoder import PerceiverDecoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import LinearHead, PointerHead
from ..preprocessors import PointPreprocessor
from ..queries import InputQueries


@dataclass(frozen=True)
class EntityConfig:
    """Entities in, any number of them, in any order; one score for each out, or one row.

    Attributes:
        encoder: see `EncoderConfig`.
        num_features: numbers that an entity is told by, coordinates first.
        positions: how coordinates are written; one resolution for each of them. None:
            there are none, all features are taken as they are.
        channels: width of an entity after its embedding.
        num_outputs: numbers wanted for each entity; None: one score for each, to
            point with.
        num_entities: of the example input only. A model takes any number.
        decoder: see `DecoderConfig`. With the residual, an entity is in its own answer.
        activation: the GELU in every MLP of the Perceiver.

    Raises:
        ValueError: if coordinates are more than the features they are the first of.
    """

    encoder: EncoderConfig
    num_features: int
    positions: FourierConfig | None = None
    channels: int = 64
    num_outputs: int | None = None
    num_entities: int = 16
    decoder: DecoderConfig = RESIDUAL
    activation: Activation = "gelu"

    def __post_init__(self):
        check_fields(self)
        if len(self.resolution) > self.num_features:
            raise ValueError(
                f"expected coordinates among the features, got num_features={self.num_features} "
                f"and {len(self.resolution)} coordinates. Count both in num_features."
            )

    @property
    def resolution(self) -> tuple[int, ...]:
        """One number for each coordinate; none without positions."""
        return self.positions.max_resolution if self.positions else ()

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch entities features"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.num_entities, self.num_features)


@build.register
def _(config: EntityConfig) -> PerceiverIO:
    """Paper: Perceiver IO 4.4, for its entity encoder."""
    width, outputs = config.channels, config.num_outputs
    features = config.num_features - len(config.resolution)
    bands = config.positions.num_bands if config.positions else 0
    decoder = PerceiverDecoder(
        config.decoder, width, config.encoder.latent_channels, activation=config.activation
    )
    return initialise(
        PerceiverIO(
            PointPreprocessor(features, bands, config.resolution, width),
            PerceiverEncoder(config.encoder, width, config.activation),
            InputQueries(width),
            decoder,
            LinearHead(width, outputs) if outputs else PointerHead(width),
            config=config,
        )
    )
