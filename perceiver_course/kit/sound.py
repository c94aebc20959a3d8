"""Sound for eye and ear: waves one over the other, and players that say what they play."""

import base64
import html
import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perceiver_tutorial.inputs import check_numbers


@dataclass(frozen=True, repr=False)
class Sounds:
    """Players for a notebook; their words alone for whoever does not hear, or has no browser.

    Attributes:
        files: what is played -> the bytes of a WAV file.
        words: what is played, in words.
    """

    files: Mapping[str, bytes]
    words: Mapping[str, str]

    def __repr__(self) -> str:
        return "\n".join(f"sound: {name}, {words}" for name, words in self.words.items())

    def _repr_mimebundle_(self, **_options) -> dict[str, str]:
        players = (self._player(name) for name in self.files)
        return {"text/plain": repr(self), "text/html": f"<div>{''.join(players)}</div>"}

    def _player(self, name: str) -> str:
        words = html.escape(f"{name}, {self.words[name]}")
        source = f"data:audio/wav;base64,{base64.b64encode(self.files[name]).decode()}"
        return (
            '<figure style="display:inline-block;margin:4px 12px 4px 0">'
            f"<figcaption>{words}</figcaption>"
            f'<audio controls aria-label="{words}" src="{source}"></audio></figure>'
        )


def play(
    sounds: Mapping[str, Float[Tensor, " samples"]], rate: int = 8000, seconds: float = 1.0
) -> Sounds:
    """Make short sounds audible: play each of them again and again.

    Args:
        sounds: what it is -> samples from -1 to 1; what is beyond is cut off.
        rate: samples played in a second.
        seconds: how long each of them is repeated.

    Raises:
        ValueError: if a sound is longer than it may be repeated, has no sample, or NaN among them.

    >>> play({"a hum": torch.sin(2 * torch.pi * 11 * torch.arange(256) / 256)})
    sound: a hum, a tone of 344 hertz
    """
    check_numbers(**sounds)
    for name, samples in sounds.items():
        if not 0 < len(samples) <= rate * seconds:
            raise ValueError(
                f"expected 1 to {rate * seconds:.0f} samples of {name!r}, got {len(samples)}. "
                "Raise `seconds`, or cut the sound."
            )
    repeated = {name: _repeat(samples, round(rate * seconds)) for name, samples in sounds.items()}
    words = {
        name: f"a tone of {cycles(samples) * rate / len(samples):.0f} hertz"
        for name, samples in sounds.items()
    }
    return Sounds({name: _wav(samples, rate) for name, samples in repeated.items()}, words)


def cycles(samples: Tensor) -> int:
    """The loudest pitch of a sound, in cycles over its whole length."""
    return int(torch.fft.rfft(samples).abs()[1:].argmax()) + 1


def _repeat(samples: Tensor, length: int) -> Tensor:
    return samples.repeat(-(-length // len(samples)))[:length]


def _wav(samples: Tensor, rate: int) -> bytes:
    """One channel of 16 bits; it rises and falls softly at its ends."""
    edge = torch.linspace(0, 1, min(200, len(samples) // 2))
    soft = samples.detach().clamp(-1, 1).clone()
    soft[: len(edge)] *= edge
    soft[len(soft) - len(edge) :] *= edge.flip(0)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((32767 * soft.numpy()).round().astype(np.dtype("<i2")).tobytes())
    return buffer.getvalue()
