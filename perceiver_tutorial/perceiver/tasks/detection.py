"""Object detection: some learned questions, each answered with a class and a box, or "nothing"."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...attention import Activation
from ...doors import checked
from ...initial import initialise
from ..config import (
    RESIDUAL,
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    LearnedConfig,
    PatchStem,
    PixelStem,
)
from ..decoder import PerceiverDecoder
from ..detections import ClassesAndBoxes
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..preprocessors import AppendedPositions
from ..queries import LearnedQueries


@checked
@dataclass(frozen=True)
class DetectionConfig:
    """An image in, a set of things out: for each query class scores and a box.

    Attributes:
        encoder: see `EncoderConfig`.
        stem: what an input says of the image.
        positions: how an input says where it is.
        num_queries: things that can be found in one image, at most.
        image_size: (height, width) in pixels.
        image_channels: colours of a pixel.
        num_classes: classes of things; "nothing" is one more.
        query_channels: width of a query. None: that of the latents.
        decoder: see `DecoderConfig`.
        activation: the bend in every MLP of the encoder and the decoder.
    """

    encoder: EncoderConfig
    stem: PixelStem | Conv1x1Stem | ConvPoolStem | PatchStem
    positions: FourierConfig | LearnedConfig
    num_queries: int = 100
    image_size: tuple[int, int] = (224, 224)
    image_channels: int = 3
    num_classes: int = 91
    query_channels: int | None = None
    decoder: DecoderConfig = RESIDUAL
    activation: Activation = "gelu"

    def build(self) -> PerceiverIO:
        """A model with random weights: questions and answers as in DETR, the rest Perceiver IO."""
        what = self.stem.build(self.image_size, self.image_channels)
        preprocessor = AppendedPositions(what, self.positions.build(what.index_dims))
        width = self.query_channels or self.encoder.latent_channels
        return initialise(
            PerceiverIO(
                preprocessor=preprocessor,
                encoder=PerceiverEncoder(self.encoder, preprocessor.num_channels, self.activation),
                queries=LearnedQueries(self.num_queries, width),
                decoder=PerceiverDecoder(
                    self.decoder, width, self.encoder.latent_channels, activation=self.activation
                ),
                postprocessor=ClassesAndBoxes(width, self.num_classes),
                config=self,
            )
        )

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch colours height width"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.image_channels, *self.image_size)
