"""Audio classification: patches of a raw waveform in, one score for each class out."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...attention import Activation
from ...doors import checked
from ...initial import initialise
from ..config import RESIDUAL, DecoderConfig, EncoderConfig, FourierConfig, LearnedConfig
from ..decoder import PerceiverDecoder
from ..encoder import PerceiverEncoder
from ..model import PerceiverIO
from ..postprocessors import ClassLogits
from ..preprocessors import AppendedPositions, AudioPatches
from ..queries import LearnedQueries


@checked
@dataclass(frozen=True)
class AudioClassifierConfig:
    """A sound in, one score for each class out.

    Attributes:
        encoder: see `EncoderConfig`.
        positions: how a patch says when it is.
        num_samples: length of the sound, in samples.
        samples_per_patch: samples that make one input.
        audio_channels: 1 for mono, 2 for stereo.
        num_classes: scores wanted.
        decoder: see `DecoderConfig`.
        activation: the bend in every MLP.
    """

    encoder: EncoderConfig
    positions: FourierConfig | LearnedConfig
    num_samples: int = 30720
    samples_per_patch: int = 16
    audio_channels: int = 1
    num_classes: int = 700
    decoder: DecoderConfig = RESIDUAL
    activation: Activation = "gelu"

    def build(self) -> PerceiverIO:
        """A model with random weights: sound as in Perceiver IO 4.4, the question as in 4.5."""
        what = AudioPatches(self.num_samples, self.samples_per_patch, self.audio_channels)
        preprocessor = AppendedPositions(what, self.positions.build(what.index_dims))
        width = self.encoder.latent_channels
        return initialise(
            PerceiverIO(
                preprocessor=preprocessor,
                encoder=PerceiverEncoder(self.encoder, preprocessor.num_channels, self.activation),
                queries=LearnedQueries(1, width),
                decoder=PerceiverDecoder(self.decoder, width, width, activation=self.activation),
                postprocessor=ClassLogits(width, self.num_classes),
                config=self,
            )
        )

    def example_input(self, batch_size: int = 1) -> Float[Tensor, "batch samples audio_channels"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.num_samples, self.audio_channels)
