"""Sounds to look at: the wave, and how strong each pitch is over time."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .axes import AXES
from .picture import INK, Picture

WINDOW, HOP = 128, 16


@checked
def draw_waves(waves: Float[Tensor, "sounds samples"], titles: Sequence[str], rate: int) -> Picture:
    """A column for each sound: its wave, and below it the pitches over time, dark where loud.

    Args:
        waves: samples, at least 128 of each.
        titles: one for each; more than one line is welcome.
        rate: samples a second.
    """
    count, length = waves.shape
    figure = Figure(figsize=(min(9.4, 1.2 * count + 0.5), 2.7), layout="constrained")
    above, below = figure.subplots(2, count, squeeze=False, sharex="col")
    loudest = float(waves.abs().max())
    seconds = (torch.arange(length) / rate).numpy()
    for axes, wave, title in zip(above, waves, titles, strict=True):
        axes.plot(seconds, wave.numpy(), color=AXES["latents"].colour, linewidth=0.4)
        axes.set(ylim=(-loudest, loudest), xticks=[], yticks=[])
        axes.set_title(title, fontsize=9, color=INK)
    for axes, wave in zip(below, waves, strict=True):
        shown = {"cmap": "Greys", "aspect": "auto", "origin": "lower", "interpolation": "bilinear"}
        axes.imshow(_pitches(wave).numpy(), extent=(0, length / rate, 0, rate / 2), **shown)
        axes.set(xticks=[0, length / rate], yticks=[])
        axes.set_xticklabels(["0", f"{length / rate:.2g} s"], fontsize=8)
        axes.get_xticklabels()[-1].set_ha("right")
    for axes, label in ((above[0], "pressure"), (below[0], f"pitch to {rate // 2} Hz")):
        axes.set_ylabel(label, fontsize=8, color=INK)
    named = ", ".join(" ".join(title.split()) for title in titles)
    return Picture(figure, f"{count} sounds as waves and as pitches over time: {named}.")


def _pitches(wave: Tensor) -> Tensor:
    """Strength of each pitch [pitches, moments], the square root of its magnitude."""
    pieces = wave.unfold(0, WINDOW, HOP) * torch.hann_window(WINDOW)
    return torch.fft.rfft(pieces).abs().sqrt().mT
