"""Point clouds: every point is an input, and its place is data, not a cell of a grid."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_fields
from ...zoo import build
from ..config import RESIDUAL, DecoderConfig, EncoderConfig, FourierConfig
from ..decoder import classification_decoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import ClassificationHead
from ..preprocessors import PointPreprocessor


@dataclass(frozen=True)
class PointCloudConfig:
    """A cloud of points in, one score for each class out.

    Clouds may have any number of points. To batch clouds of different sizes, pad them
    with anything, and give `mask`, True for every point that is one.

    Attributes:
        encoder: see `EncoderConfig`.
        positions: how the place of a point is written down; one resolution for each coordinate.
        num_points: points of the example input; no weight depends on it.
        num_features: further numbers of a point, e.g. colours or a normal, behind its
            coordinates.
        num_classes: scores wanted.
        decoder: see `DecoderConfig`; None: the mean of the latents is the only answer,
            as in the first Perceiver.
        activation: the GELU in every MLP.
    """

    encoder: EncoderConfig
    positions: FourierConfig
    num_points: int = 2048
    num_features: int = 0
    num_classes: int = 40
    decoder: DecoderConfig | None = RESIDUAL
    activation: Activation = "gelu"

    def __post_init__(self):
        check_fields(self, may_be_0=("num_features",))

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch points features"]:
        """Zeros in the shape of the raw input."""
        channels = len(self.positions.max_resolution) + self.num_features
        return torch.zeros(batch_size, self.num_points, channels)


@build.register
def _(config: PointCloudConfig) -> PerceiverIO:
    """Paper: Perceiver (arXiv 2103.03206) 4.4."""
    where, width = config.positions, config.encoder.latent_channels
    preprocessor = PointPreprocessor(config.num_features, where.num_bands, where.max_resolution)
    queries, decoder = classification_decoder(config.decoder, width, config.activation)
    return initialise(
        PerceiverIO(
            preprocessor,
            PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation),
            queries,
            decoder,
            ClassificationHead(width, config.num_classes),
            config=config,
        )
    )
