"""How near a reconstruction is, as engineers of video and sound say it."""

from jaxtyping import Float
from torch import Tensor

from ..doors import check_filled, checked


@checked
def psnr(
    guess: Float[Tensor, "batch *sizes"], truth: Float[Tensor, "batch *sizes"], peak: float
) -> Float[Tensor, " batch"]:
    """Peak signal-to-noise ratio of each sample, in decibels; more is better.

    10 more decibels are a tenth of the mean squared error.

    Args:
        guess: what was rebuilt.
        truth: what it should be.
        peak: the distance from the smallest to the largest value there can be: 1 for
            colours from 0 to 1, 2 for sound from -1 to 1.

    Raises:
        ValueError: if the peak is not above 0.

    >>> import torch
    >>> psnr(torch.full((1, 4), 0.6), torch.full((1, 4), 0.5), peak=1.0)
    tensor([20.0000])
    """
    if peak <= 0:
        raise ValueError(f"expected a peak above 0, got {peak}. Colours from 0 to 1 have peak 1.")
    check_filled(guess=guess)
    error = (guess - truth).square().flatten(1).mean(1)
    return 10 * (peak**2 / error).log10()
