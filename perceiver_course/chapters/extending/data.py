"""Data for new tasks: scenes of things, series with gaps, sounds, texts with names."""

import math
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ...kit.samples import invented_names

THINGS = ("disc", "block", "triangle")
MOST = 3
SMALL, LARGE = 3.5, 6.5  # half a thing's width and height, in pixels
GAP = 1.0
NOISE = 0.05

Scenes = tuple[
    Float[Tensor, "scenes 1 size size"],
    Int[Tensor, "scenes things"],
    Float[Tensor, "scenes things xywh=4"],
]


def scenes(num_scenes: int, size: int = 32, seed: int = 0) -> Scenes:
    """Draw grey things, each as wide and as tall as it likes, none over another.

    Args:
        num_scenes: how many; one, two and three things take turns.
        size: side of the picture, in pixels.
        seed: the same seed draws the same scenes.

    Returns:
        Pictures from dark 0 to bright 1, with some noise; classes, indices into `THINGS`,
        and -1 where there is no further thing; boxes (centre x, centre y, width, height) as
        shares of the picture.

    Raises:
        ValueError: if three things may not find room.

    >>> images, classes, boxes = scenes(4)
    >>> (classes >= 0).sum(1).tolist(), boxes.shape
    ([1, 2, 3, 1], torch.Size([4, 3, 4]))
    """
    if size < 4 * LARGE:
        raise ValueError(f"expected a size of at least {4 * LARGE:.0f} pixels, got {size}.")
    generator = torch.Generator().manual_seed(seed)
    counts = 1 + torch.arange(num_scenes) % MOST
    there = torch.arange(MOST) < counts[:, None]
    boxes = _apart(there, size, generator)
    classes = torch.randint(len(THINGS), there.shape, generator=generator)
    bright = 0.6 + 0.4 * torch.rand(*there.shape, 1, 1, generator=generator)
    inside = _inside(classes, boxes, size) & there[..., None, None]
    images = (bright * inside).sum(1, keepdim=True)
    images = images + NOISE * torch.randn(images.shape, generator=generator)
    return images, classes.masked_fill(~there, -1), boxes / size * there[..., None]


def _apart(there: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Boxes in pixels, drawn again in every scene where two of them come too close."""
    boxes = torch.zeros(*there.shape, 4)
    left = torch.arange(len(there))
    while len(left):
        halves = SMALL + (LARGE - SMALL) * torch.rand(len(left), MOST, 2, generator=generator)
        places = torch.rand(len(left), MOST, 2, generator=generator)
        centres = halves + places * (size - 2 * halves)
        boxes[left] = torch.cat([centres, 2 * halves], dim=-1)
        left = left[_is_crowded(centres, halves, there[left])]
    return boxes


def _is_crowded(centres: Tensor, halves: Tensor, there: Tensor) -> Tensor:
    steps = (centres[:, :, None] - centres[:, None]).abs()
    reach = halves[:, :, None] + halves[:, None] + GAP
    close = (steps < reach).all(-1) & there[:, :, None] & there[:, None]
    return close.triu(1).flatten(1).any(1)


def _inside(classes: Tensor, boxes: Tensor, size: int) -> Tensor:
    """True where a thing covers the middle of a pixel: [scenes, things, size, size]."""
    middles = torch.arange(size) + 0.5
    x, y, wide, tall = (part[..., None, None] for part in boxes.unbind(-1))
    x = (middles - x) / (wide / 2)
    y = (middles[:, None] - y) / (tall / 2)
    disc = x**2 + y**2 <= 1
    block = torch.maximum(x.abs(), y.abs()) <= 1
    triangle = (y.abs() <= 1) & (2 * x.abs() <= y + 1)
    chosen = classes[..., None, None]
    return torch.where(chosen == 0, disc, torch.where(chosen == 1, block, triangle))


class Series(NamedTuple):
    """Curves and what was measured of them.

    Attributes:
        measured: a number for each day, NaN where nobody measured.
        true: the whole curve.
    """

    measured: Float[Tensor, "batch days"]
    true: Float[Tensor, "batch days"]


def gappy_series(num_series: int, num_days: int = 40, seed: int = 0) -> Series:
    """Draw waves, each at a height of its own, and leave three quarters of the days out.

    A wave turns two to four times, from -1 to 1 at most, around -0.5 to 0.5.

    Args:
        num_series: how many curves.
        num_days: days of each.
        seed: the same seed draws the same curves.

    >>> gappy_series(2).measured.isnan().sum(1).tolist()
    [30, 30]
    """
    generator = torch.Generator().manual_seed(seed)
    turns, start, size, height = torch.rand(4, num_series, 1, generator=generator)
    phases = (2 + 2 * turns) * torch.linspace(0, 1, num_days) + start
    true = (0.5 + 0.5 * size) * (2 * torch.pi * phases).sin() + height - 0.5
    order = torch.rand(num_series, num_days, generator=generator).argsort(1)
    return Series(true.masked_fill(order >= num_days // 4, torch.nan), true)


def straight_lines(measured: Float[Tensor, "batch days"]) -> Float[Tensor, "batch days"]:
    """Fill gaps the simple way: a straight line from one measurement to the next.

    Before the first and after the last, their values go on.

    Args:
        measured: NaN in the gaps; at least one measurement in each series.
    """
    rows = []
    for row in measured:
        known = row.isfinite().nonzero().flatten()
        days = torch.arange(len(row))
        after = torch.searchsorted(known, days).clamp(max=len(known) - 1)
        before = (torch.searchsorted(known, days, right=True) - 1).clamp(min=0)
        left, right = known[before], known[after]
        share = (days - left) / (right - left).clamp(min=1)
        rows.append(row[left] + share.clamp(0, 1) * (row[right] - row[left]))
    return torch.stack(rows)


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
SOUND_NOISE = 0.3
TURN = 2 * math.pi


class _Draws(NamedTuple):
    """What chance decides about each sound: a column with one number for each."""

    pitch: Tensor  # turns a second
    phase: Tensor
    wobble: Tensor  # of a tremolo or a vibrato, turns a second
    share: Tensor  # from 0 to 1, for whatever else there is
    hiss: Tensor  # noise, as long as the sound


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
    waves = loud * waves + SOUND_NOISE * torch.randn(waves.shape, generator=generator)
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


KINDS = ("", "person", "place", "firm")
TEMPLATES = (
    "{person} lives in {place} .",
    "{person} works at {firm} Inc in {place} .",
    "We saw {person} near {place} today .",
    "Mr {person} left {place} for {place} .",
    "{firm} Ltd hired {person} .",
    "The city of {place} thanked {person} .",
    "{firm} Inc opened in {place} .",
    "Dr {person} of {firm} Ltd flew to {place} .",
    "In {place} , {person} met {person} .",
    "Who bought {firm} Ltd ?",
)


class TaggedText(NamedTuple):
    """A text, word by word.

    Attributes:
        words: full stops and commas are words as well.
        labels: for each word the number of its kind in `KINDS`; 0 is none.
    """

    words: tuple[str, ...]
    labels: tuple[int, ...]


def tagged_texts(num_texts: int, seed: int = 0, held_out: bool = False) -> list[TaggedText]:
    """Draw sentences and fill them with invented names.

    Any name can be that of a person, of a place or of a firm.

    Args:
        num_texts: how many.
        seed: the same seed draws the same texts.
        held_out: with names that are not for training.

    """
    random = Random(f"{seed} {held_out}")
    names = invented_names(held_out)
    return [_filled(random.choice(TEMPLATES), random, names) for _ in range(num_texts)]


def _filled(template: str, random: Random, names: tuple[str, ...]) -> TaggedText:
    kinds = [word.strip("{}") if word[0] == "{" else "" for word in template.split()]
    words = [
        random.choice(names) if kind else word
        for word, kind in zip(template.split(), kinds, strict=True)
    ]
    return TaggedText(tuple(words), tuple(map(KINDS.index, kinds)))


def first_name(text: str) -> str:
    """The simple way: the first name after the question, whatever was asked."""
    report = text.split("? ")[1]
    return next(word.strip(",") for word in report.split() if word[0].isupper() and word != "In")
