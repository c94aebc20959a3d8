"""The same data counted twice: cut into tokens, as others read it, and as it comes.

The notebook `cost` shows the table and works with its numbers.
"""

import math
from dataclasses import dataclass

from perceiver_tutorial.tracing.table import columns

# Kernel and stride of each convolution, in samples or in outputs of the one before.
WAV2VEC2 = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))
LATENTS = 512
MAPS = ("tokens²", "inputs²", f"{LATENTS} x inputs")


@dataclass(frozen=True)
class SameData:
    """One piece of data, counted in two units.

    Attributes:
        data: what it is.
        model: who cuts it up before reading.
        cut: what one token is then.
        num_tokens: how many.
        uncut: what it consists of, which a Perceiver reads as it is.
        num_inputs: how many.
    """

    data: str
    model: str
    cut: str
    num_tokens: int
    uncut: str
    num_inputs: int

    @property
    def map_cells(self) -> tuple[int, int]:
        """Cells of one attention map, if all tokens and if all inputs read each other."""
        return self.num_tokens**2, self.num_inputs**2


def num_patches(size: tuple[int, ...], patch: tuple[int, ...]) -> int:
    """How many patches tile a picture or a video, none overlapping another.

    Args:
        size: (frames,) height and width.
        patch: the same of one patch.

    Raises:
        ValueError: if they have not equally many axes, or some cells are left over.

    >>> num_patches((224, 224), (16, 16))
    196
    """
    if len(size) != len(patch) or any(n % side for n, side in zip(size, patch, strict=False)):
        raise ValueError(f"patches of {patch} do not tile {size}: nothing may be left over.")
    return math.prod(n // side for n, side in zip(size, patch, strict=True))


def num_frames(num_samples: int) -> int:
    """How many vectors Wav2Vec2's convolutions, without padding, make of a waveform.

    Args:
        num_samples: samples of the waveform.

    Raises:
        ValueError: if the waveform is shorter than what one vector needs.

    >>> num_frames(16_000)
    49
    """
    length = num_samples
    for kernel, stride in WAV2VEC2:
        if length < kernel:
            raise ValueError(f"{num_samples} samples are too few for one vector. Take more.")
        length = (length - kernel) // stride + 1
    return length


def same_data() -> tuple[SameData, ...]:
    """Text, a photograph, sound and a video, as BERT, ViT, Wav2Vec2 and ViViT cut them up.

    The counts of BERT are those of the Perceiver IO paper, 4.1: 2,048 bytes are about
    512 subwords. Ten seconds of sound have 16,000 samples each.
    """
    photograph, video, sound = (224, 224), (32, 224, 224), 10 * 16_000
    return (
        SameData("text", "BERT", "subwords", 2048 // 4, "bytes", 2048),
        SameData(
            "photograph", "ViT", "patches", num_patches(photograph, (16, 16)),
            "pixels", math.prod(photograph),
        ),
        SameData("10 s of sound", "Wav2Vec2", "frames", num_frames(sound), "samples", sound),
        SameData(
            "32 frames of video", "ViViT", "tubes", num_patches(video, (2, 16, 16)),
            "voxels", math.prod(video),
        ),
    )  # fmt: skip


def token_table() -> str:
    """`same_data` as text; to the right, cells of one attention map in millions.

    >>> token_table().splitlines()[2].split()
    ['photograph', '196', 'patches', '(ViT)', '50,176', 'pixels', '0.04', '2,517.63', '25.69']
    """
    header = ("data", "tokens", "", "inputs", " ", *MAPS)
    rows = [
        (
            one.data,
            f"{one.num_tokens:,}",
            f"{one.cut} ({one.model})",
            f"{one.num_inputs:,}",
            one.uncut,
            *(f"{cells / 1e6:,.2f}" for cells in (*one.map_cells, LATENTS * one.num_inputs)),
        )
        for one in same_data()
    ]
    return columns(header, rows, right=("tokens", "inputs", *MAPS))
