"""Image classification: one question, one score for each class."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from ...attention import Activation
from ...initialisation import initialise
from ...inputs import check_classes, check_fields
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

    def build(self) -> PerceiverIO:
        """A model with random weights. Paper: Perceiver IO 4.5."""
        what = self.stem.build(self.image_size, self.image_channels)
        preprocessor = AppendedPositions(what, self.positions.build(what.index_dims))
        width = self.encoder.latent_channels
        encoder = PerceiverEncoder(self.encoder, preprocessor.num_channels, self.activation)
        queries, decoder = one_answer(self.decoder, width, self.activation)
        return initialise(
            PerceiverIO(
                preprocessor=preprocessor,
                encoder=encoder,
                queries=queries,
                decoder=decoder,
                postprocessor=ClassLogits(width, self.num_classes),
                config=self,
            )
        )

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch colours height width"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.image_channels, *self.image_size)
