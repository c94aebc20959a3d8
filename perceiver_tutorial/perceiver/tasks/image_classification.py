"""Image classification: one query, one score for each class."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_classes, check_fields
from ...zoo import build
from ..config import (
    RESIDUAL,
    DecoderConfig,
    EncoderConfig,
    Positions,
    Stem,
)
from ..decoder import classification_decoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import ClassificationHead
from ..preprocessors import image_preprocessor


@dataclass(frozen=True)
class ImageClassifierConfig:
    """An image in, one score for each class out.

    Attributes:
        encoder: see `EncoderConfig`.
        stem: how pixels become inputs.
        positions: how the place of an input is written down.
        image_size: (height, width) in pixels.
        image_channels: colours of a pixel.
        num_classes: scores wanted.
        decoder: see `DecoderConfig`; None: the mean of the latents is classified, as in
            the first Perceiver.
        activation: the GELU in every MLP.
        class_names: what each class is called, where that is known. Says nothing of what is
            computed: two configurations that differ in it are equal.

    Raises:
        ValueError: if there are more or fewer names than classes.
    """

    encoder: EncoderConfig
    stem: Stem
    positions: Positions
    image_size: tuple[int, int] = (224, 224)
    image_channels: int = 3
    num_classes: int = 1000
    decoder: DecoderConfig | None = RESIDUAL
    activation: Activation = "gelu"
    class_names: tuple[str, ...] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self):
        check_fields(self)
        check_classes(self.class_names, self.num_classes)

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch colours height width"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.image_channels, *self.image_size)


@build.register
def _(config: ImageClassifierConfig) -> PerceiverIO:
    """Paper: Perceiver IO 4.5."""
    preprocessor = image_preprocessor(
        config.image_size, config.stem, config.positions, config.image_channels
    )
    width = config.encoder.latent_channels
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
