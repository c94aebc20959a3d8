"""Films with sound, made by arithmetic, and the shapes that move in them."""

import math
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np
import torch
from einops import rearrange, reduce
from jaxtyping import Bool, Float, Int
from torch import Tensor

from perceiver_tutorial.positions import axis_coordinates, grid_positions

from . import DATA

SHAPES = ("disc", "square", "triangle", "cross")


def shapes(
    num_images: int, image_size: tuple[int, int] = (16, 16), seed: int = 0
) -> tuple[Float[Tensor, "images 3 height width"], Int[Tensor, " images"]]:
    """Draw one shape in each image, anywhere, in any bright colour.

    Args:
        num_images: how many; the four classes take turns.
        image_size: (height, width) in pixels.
        seed: the same seed draws the same images.

    Returns:
        Colours from 0 to 1, and the class of each image, an index into `SHAPES`.

    >>> images, labels = shapes(5)
    >>> images.shape, labels.tolist()
    (torch.Size([5, 3, 16, 16]), [0, 1, 2, 3, 0])
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(num_images) % len(SHAPES)
    centres = 0.4 * (torch.rand(num_images, 1, 2, generator=generator) - 0.5)
    radii = 0.5 + 0.3 * torch.rand(num_images, 1, generator=generator)
    colours = 0.4 + 0.6 * torch.rand(num_images, 3, 1, 1, generator=generator)
    y, x = ((grid_positions(image_size) - centres) / radii[..., None]).unbind(-1)
    covered = inside(labels, y, x).float().unflatten(1, (1, *image_size))
    return colours * covered, labels


def inside(
    labels: Int[Tensor, " images"],
    y: Float[Tensor, "images places"],
    x: Float[Tensor, "images places"],
) -> Bool[Tensor, "images places"]:
    """Whether places lie inside a shape that is centred at 0 and reaches to 1.

    Args:
        labels: for each image an index into `SHAPES`.
        y: how far down each place lies.
        x: how far to the right each place lies.
    """
    covered = torch.zeros_like(y, dtype=torch.bool)
    for number, shape in enumerate(SHAPES):
        some = labels == number
        covered[some] = _is_inside(shape, y[some], x[some])
    return covered


def _is_inside(shape: str, y: Tensor, x: Tensor) -> Tensor:
    match shape:
        case "disc":
            return y**2 + x**2 <= 1
        case "square":
            return torch.maximum(y.abs(), x.abs()) <= 0.85
        case "triangle":
            return (y <= 0.8) & (y >= 2 * x.abs() - 1)
        case "cross":
            return (torch.minimum(y.abs(), x.abs()) <= 0.3) & (torch.maximum(y.abs(), x.abs()) <= 1)
    raise ValueError(f"expected one of {SHAPES}, got {shape!r}.")


FILE = DATA / "clips.npz"
SLOWEST, FASTEST = 0.25, 1.25
LOWEST, HIGHEST = 2, 10
GROUND, LOUDNESS = 0.1, 0.8
FINE = 3
KEPT = ("image", "audio", "label", "speeds")


class Clips(NamedTuple):
    """Short videos with sound and a class, as `MultimodalConfig` takes them.

    Attributes:
        image: colours from 0 to 1.
        audio: samples from -1 to 1.
        label: 1 stands where the clip's shape stands in `SHAPES`.
        speeds: halves of the picture that the shape flies in a clip, 0.25 to 1.25.
        cycles: of the hum in a clip, 2 to 10. They are whole, so that a clip can be
            played again and again without a seam.
    """

    image: Float[Tensor, "clips frames 3 height width"]
    audio: Float[Tensor, "clips samples 1"]
    label: Float[Tensor, "clips classes=4"]
    speeds: Float[Tensor, " clips"]
    cycles: Int[Tensor, " clips"]

    @property
    def raw(self) -> dict[str, Tensor]:
        """What a multimodal Perceiver reads."""
        return {"image": self.image, "audio": self.audio, "label": self.label}


def clips(
    num_clips: int,
    seed: int = 0,
    *,
    num_frames: int = 8,
    image_size: tuple[int, int] = (16, 16),
    num_samples: int = 128,
) -> Clips:
    """Let shapes of any bright colour fly to the left or to the right, and hum.

    The same seed gives the same flights, however finely they are filmed: twice the
    frames have the old ones among them.

    Args:
        num_clips: how many; the four classes take turns.
        seed: the same seed makes the same clips.
        num_frames: frames of a clip.
        image_size: (height, width) in pixels.
        num_samples: samples of a clip's sound.

    >>> some = clips(5)
    >>> [tuple(part.shape) for part in some.raw.values()]
    [(5, 8, 3, 16, 16), (5, 128, 1), (5, 4)]
    """
    generator = torch.Generator().manual_seed(seed)
    sizes, speeds, sides = torch.rand(3, num_clips, generator=generator)
    centres = torch.tensor([0.6, 0.2]) * (torch.rand(num_clips, 2, generator=generator) - 0.5)
    colours = 0.4 + 0.6 * torch.rand(num_clips, 3, generator=generator)
    labels = torch.arange(num_clips) % len(SHAPES)
    speeds = SLOWEST + (FASTEST - SLOWEST) * speeds
    paths = _paths(centres, speeds * (sides - 0.5).sign(), num_frames)
    covered = _covered(labels, paths, 0.4 + 0.2 * sizes, image_size)
    above = rearrange(colours - GROUND, "n c -> n 1 c 1 1")
    image = GROUND + above * rearrange(covered, "n t h w -> n t 1 h w")
    cycles = cycles_at(speeds)
    label = torch.eye(len(SHAPES))[labels]
    return Clips(image, _hum(cycles, num_samples)[..., None], label, speeds, cycles)


def cycles_at(speeds: Float[Tensor, " clips"]) -> Int[Tensor, " clips"]:
    """How often a hum swings in a clip: twice at the lowest speed, 10 times at the highest."""
    share = (speeds - SLOWEST) / (FASTEST - SLOWEST)
    return (LOWEST + (HIGHEST - LOWEST) * share).round().long()


def cycles_heard(sounds: Float[Tensor, "clips samples"]) -> Int[Tensor, " clips"]:
    """The loudest pitch of each sound, in cycles per clip."""
    return torch.fft.rfft(sounds).abs()[:, 1:].argmax(1) + 1


def _paths(centres: Tensor, flights: Tensor, num_frames: int) -> Float[Tensor, "clips frames yx=2"]:
    """Where a shape is in every frame; it passes its centre in the middle of the clip."""
    times = axis_coordinates(num_frames, "half-open") / 2
    along_x = flights[:, None] * times
    return centres[:, None] + torch.stack([torch.zeros_like(along_x), along_x], dim=-1)


def _covered(
    labels: Tensor, paths: Tensor, radii: Tensor, image_size: tuple[int, int]
) -> Float[Tensor, "clips frames height width"]:
    """How much of each pixel a shape covers: it is looked at in 3 x 3 places."""
    fine = tuple(FINE * n for n in image_size)
    places = grid_positions(fine) * torch.tensor([1 - 1 / n for n in fine])
    away = (places - paths[:, :, None]) / radii[:, None, None, None]
    y, x = (rearrange(one, "n t p -> n (t p)") for one in away.unbind(-1))
    seen = rearrange(inside(labels, y, x).float(), "n (t p) -> n t p", t=paths.shape[1])
    grid = rearrange(seen, "n t (h w) -> n t h w", h=fine[0])
    return reduce(grid, "n t (h fh) (w fw) -> n t h w", "mean", fh=FINE, fw=FINE)


def _hum(cycles: Tensor, num_samples: int) -> Float[Tensor, "clips samples"]:
    turns = cycles[:, None] * torch.arange(num_samples) / num_samples
    return LOUDNESS * (2 * math.pi * turns).sin()


def stored_clips(some: Clips) -> dict[str, np.ndarray]:
    """Clips in small numbers: colours in 256 steps, samples in 65,536, as pictures and CDs do."""
    return {
        "image": (255 * some.image).round().to(torch.uint8).numpy(),
        "audio": (32767 * some.audio).round().to(torch.int16).numpy(),
        "label": some.label.argmax(1).to(torch.uint8).numpy(),
        "speeds": some.speeds.numpy(),
    }


def read_clips(file: Path = FILE) -> Clips:
    """The clips that come with the course, as `tools/make_clips.py` made them.

    Raises:
        FileNotFoundError: if they are not there.
        ValueError: if the file is torn, or holds something else.
    """
    if not file.exists():
        raise FileNotFoundError(f"expected clips in {file}. Make them: python tools/make_clips.py.")
    try:
        with np.load(file) as arrays:
            stored = {name: torch.from_numpy(arrays[name]) for name in KEPT}
    except (OSError, ValueError, EOFError, LookupError, AttributeError, BadZipFile) as error:
        raise ValueError(
            f"expected {', '.join(KEPT)} in {file}, got a file that is torn or another's: {error}. "
            "Make it again: python tools/make_clips.py."
        ) from error
    return Clips(
        image=stored["image"].float() / 255,
        audio=stored["audio"].float() / 32767,
        label=torch.eye(len(SHAPES))[stored["label"].long()],
        speeds=stored["speeds"],
        cycles=cycles_at(stored["speeds"]),
    )
