"""Image classification: one question, one score for each class."""

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
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    LearnedConfig,
    PatchStem,
    PixelStem,
)
from ..decoder import one_answer
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import ClassLogits
from ..preprocessors import AppendedPositions


@dataclass(frozen=True)
class ImageClassifierConfig:
    """An image in, one score for each class out.

    Attributes:
        encoder: see `EncoderConfig`.
        stem: what an input says of the image.
        positions: how an input says where it is.
        image_size: (height, width) in pixels.
        image_channels: colours of a pixel.
        num_classes: scores wanted.
        decoder: see `DecoderConfig`; None: the mean of the latents is classified, as in
            the original Perceiver.
        activation: the bend in every MLP.
        class_names: what each class is called, where that is known. Says nothing of what is
            computed: two configurations that differ in it are equal.

    Raises:
        ValueError: if there are more or fewer names than classes.
    """

    encoder: EncoderConfig
    stem: PixelStem | Conv1x1Stem | ConvPoolStem | PatchStem
    positions: FourierConfig | LearnedConfig
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
    """A model with random weights. Paper: Perceiver IO 4.5."""
    what = config.stem.build(config.image_size, config.image_channels)
    preprocessor = AppendedPositions(what, config.positions.build(what.index_dims))
    width = config.encoder.latent_channels
    encoder = PerceiverEncoder(config.encoder, preprocessor.num_channels, config.activation)
    queries, decoder = one_answer(config.decoder, width, config.activation)
    return initialise(
        PerceiverIO(
            preprocessor=preprocessor,
            encoder=encoder,
            queries=queries,
            decoder=decoder,
            postprocessor=ClassLogits(width, config.num_classes),
            config=config,
        )
    )
