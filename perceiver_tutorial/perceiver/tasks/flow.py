"""Optical flow: every pixel of the first frame asks where it went."""

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
from ..postprocessors import FlowField
from ..preprocessors import AppendedPositions, Patches
from ..queries import InputQueries


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

    __post_init__ = check_fields

    def example_input(
        self, batch_size: int = 1
    ) -> Float[Tensor, "batch frames=2 patch=27 height width"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, 2, 27, *self.image_size)


@build.register
def _(config: OpticalFlowConfig) -> PerceiverIO:
    """A model with random weights. Paper: Perceiver IO 4.3."""
    size = (2, *config.image_size)
    what = Patches(size, (2, 1, 1), image_channels=27, projected_channels=config.patch_channels)
    where = config.positions.build(config.image_size)
    preprocessor = AppendedPositions(what, where)
    width = preprocessor.num_channels
    return initialise(
        PerceiverIO(
            preprocessor=preprocessor,
            encoder=PerceiverEncoder(config.encoder, width, config.activation),
            queries=InputQueries(width),
            decoder=PerceiverDecoder(
                config.decoder, width, config.encoder.latent_channels, activation=config.activation
            ),
            postprocessor=FlowField(width, config.image_size, config.divide_by),
            config=config,
        )
    )
