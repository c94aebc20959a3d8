"""Which pitches a sound has, whenever it has them: what a classifier of sounds is compared with."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..doors import checked


@checked
class LogSpectrum(nn.Module):
    """How strong each pitch is over the whole of a sound, on a logarithmic scale.

    When a pitch is heard does not show: a sound played backwards has the same spectrum.
    """

    def forward(self, sounds: Float[Tensor, "batch samples 1"]) -> Float[Tensor, "batch pitches"]:
        return torch.log1p(torch.fft.rfft(sounds[..., 0]).abs())


@checked
def spectrum_classifier(num_samples: int, num_classes: int) -> nn.Sequential:
    """Logistic regression on the spectrum of a sound: one weight for each pitch and class.

    Args:
        num_samples: length of a sound.
        num_classes: scores wanted.
    """
    return nn.Sequential(LogSpectrum(), nn.Linear(num_samples // 2 + 1, num_classes))
