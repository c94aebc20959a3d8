"""A quarter of a second of sound, in eight kinds that differ in what happens over time."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..doors import checked

SOUNDS = (
    "tone",
    "chirp up",
    "chirp down",
    "tremolo",
    "vibrato",
    "square",
    "pluck",
    "noise burst",
)
RATE = 4000  # samples a second
NOISE = 0.3
TURN = 2 * math.pi


class _Draws(NamedTuple):
    """What chance decides about each sound: a column with one number for each."""

    pitch: Tensor  # turns a second
    phase: Tensor
    wobble: Tensor  # of a tremolo or a vibrato, turns a second
    share: Tensor  # from 0 to 1, for whatever else there is
    hiss: Tensor  # noise, as long as the sound


@checked
def sounds(
    num_sounds: int, num_samples: int = 1024, seed: int = 0
) -> tuple[Float[Tensor, "{num_sounds} {num_samples} 1"], Int[Tensor, " {num_sounds}"]]:
    """Make sounds of any pitch and loudness, with noise: mono, 4,000 samples a second.

    Args:
        num_sounds: how many; the eight classes take turns.
        num_samples: length of each.
        seed: the same seed makes the same sounds.

    Returns:
        Samples, mostly between -1.5 and 1.5, and the class of each sound, an index into `SOUNDS`.

    >>> waves, labels = sounds(3)
    >>> waves.shape, labels.tolist()
    (torch.Size([3, 1024, 1]), [0, 1, 2])
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(num_sounds) % len(SOUNDS)
    time = torch.arange(num_samples) / RATE
    draws = _draw(num_sounds, num_samples, generator)
    waves = torch.empty(num_sounds, num_samples)
    for number, name in enumerate(SOUNDS):
        chosen = labels == number
        waves[chosen] = MADE[name](time, _Draws(*(column[chosen] for column in draws)))
    loud = 0.5 + torch.rand(num_sounds, 1, generator=generator)
    waves = loud * waves + NOISE * torch.randn(waves.shape, generator=generator)
    return waves[..., None], labels


def _draw(count: int, num_samples: int, generator: torch.Generator) -> _Draws:
    pitch, phase, wobble, share = torch.rand(4, count, 1, generator=generator)
    hiss = torch.randn(count, num_samples, generator=generator)
    return _Draws(200 * 4**pitch, TURN * phase, 12 * (1 + wobble), share, hiss)


def _tone(time: Tensor, draws: _Draws) -> Tensor:
    return (TURN * draws.pitch * time + draws.phase).sin()


def _chirp_up(time: Tensor, draws: _Draws) -> Tensor:
    """From the pitch to 1.5 to 2.5 times as much."""
    return _glide(time, draws, 1, 1.5 + draws.share)


def _chirp_down(time: Tensor, draws: _Draws) -> Tensor:
    return _glide(time, draws, 1.5 + draws.share, 1)


def _glide(time: Tensor, draws: _Draws, start: Tensor | int, end: Tensor | int) -> Tensor:
    turns = draws.pitch * time * (start + (end - start) * time / (2 * time[-1]))
    return (TURN * turns + draws.phase).sin()


def _tremolo(time: Tensor, draws: _Draws) -> Tensor:
    """A tone that swells and fades."""
    return 0.75 * (1 + (TURN * draws.wobble * time + TURN * draws.share).sin()) * _tone(time, draws)


def _vibrato(time: Tensor, draws: _Draws) -> Tensor:
    """A tone whose pitch goes up and down."""
    sway = 6 * (TURN * 0.6 * draws.wobble * time).sin()
    return (TURN * draws.pitch * time + sway + draws.phase).sin()


def _square(time: Tensor, draws: _Draws) -> Tensor:
    return 0.8 * _tone(time, draws).sign()


def _pluck(time: Tensor, draws: _Draws) -> Tensor:
    """Four overtones that die away, as of a string."""
    tones = ((TURN * draws.pitch * n * time + draws.phase).sin() / n for n in range(1, 5))
    return sum(tones) * (-time * (10 + 15 * draws.share)).exp()


def _noise_burst(time: Tensor, draws: _Draws) -> Tensor:
    """Noise around one moment."""
    moment = (0.2 + 0.6 * draws.share) * time[-1]
    return 1.2 * draws.hiss * (-(((time - moment) / (0.15 * time[-1])) ** 2)).exp()


MADE: dict[str, Callable[[Tensor, _Draws], Tensor]] = {
    "tone": _tone,
    "chirp up": _chirp_up,
    "chirp down": _chirp_down,
    "tremolo": _tremolo,
    "vibrato": _vibrato,
    "square": _square,
    "pluck": _pluck,
    "noise burst": _noise_burst,
}
