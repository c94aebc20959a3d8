"""Optical flow: where did every pixel of the first frame go?"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_fields
from ...zoo import build
from ..config import NO_RESIDUAL, DecoderConfig, EncoderConfig, FourierConfig
from ..decoder import PerceiverDecoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import FlowHead
from ..preprocessors import FlowPreprocessor, build_positions
from ..queries import InputQueries


@dataclass(frozen=True)
class OpticalFlowConfig:
    """Two frames in, one motion vector for each pixel out.

    Attributes:
        encoder: see `EncoderConfig`.
        positions: how the place of an input is written down.
        image_size: (height, width) in pixels.
        patch_channels: width of a pixel's 54 neighbourhood colours after a linear map.
        divide_by: what the decoder's numbers are divided by.
        decoder: see `DecoderConfig`.
        activation: the GELU in every MLP.
    """

    encoder: EncoderConfig
    positions: FourierConfig
    image_size: tuple[int, int] = (368, 496)
    patch_channels: int = 64
    divide_by: float = 100.0
    decoder: DecoderConfig = NO_RESIDUAL
    activation: Activation = "gelu"

    __post_init__ = check_fields

    def example_input(
        self, batch_size: int = 1
    ) -> Float[Tensor, "batch frames=2 patch=27 height width"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, 2, 27, *self.image_size)


@build.register
def _(config: OpticalFlowConfig) -> PerceiverIO:
    """Paper: Perceiver IO 4.3."""
    where = build_positions(config.positions, config.image_size)
    preprocessor = FlowPreprocessor(config.image_size, where, config.patch_channels)
    width, latent_channels = preprocessor.num_channels, config.encoder.latent_channels
    return initialise(
        PerceiverIO(
            preprocessor,
            PerceiverEncoder(config.encoder, width, config.activation),
            InputQueries(width),
            PerceiverDecoder(config.decoder, width, latent_channels, activation=config.activation),
            FlowHead(width, config.image_size, config.divide_by),
            config=config,
        )
    )
