"""How near a reconstruction is, as engineers of video and sound say it."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perceiver_tutorial.inputs import check_filled
from perceiver_tutorial.perceiver import (
    AudioConfig,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    LabelConfig,
    MultimodalConfig,
    PerceiverIO,
    VideoConfig,
)
from perceiver_tutorial.perceiver.losses import multimodal_loss, random_points

from ..clips import Clips, clips, cycles_heard
from ..training import batches
from .recipe import Recipe


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


# Places turn slowly in time, so that one can ask between the frames: notebook `decoders`. Unlike
# the published decoder this one adds the query to what it reads: a small one learns faster so.
CLIPS = MultimodalConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=64,
        num_blocks=1,
        layers_per_block=3,
        self_heads=4,
        cross_heads=4,
        qk_channels=64,
    ),
    image=VideoConfig(
        num_frames=8, image_size=(16, 16), patch_size=4, positions=FourierConfig(4, (4, 12, 12))
    ),
    audio=AudioConfig(num_samples=128, samples_per_patch=16, positions=FourierConfig(4, (8,))),
    label=LabelConfig(num_classes=4, query_channels=62, mask_probability=0.0),
    output_channels=64,
    decoder=DecoderConfig(query_residual=True, num_heads=4),
)


class ClipScores(NamedTuple):
    """How well clips are rebuilt that were never seen, their labels hidden.

    Attributes:
        video: mean peak signal-to-noise ratio, in decibels.
        sound: the same.
        label: share of clips whose class is named, from 0 to 1.
        pitch: share of clips whose pitch is hummed to within one cycle when the
            sound is hidden, too.
    """

    video: float
    sound: float
    label: float
    pitch: float


@cache
def held_out_clips() -> Clips:
    """Clips that no training sees."""
    return clips(200, seed=0)


def half_hidden(num_clips: int, generator: torch.Generator) -> Bool[Tensor, "{num_clips} inputs"]:
    """What is read in training: all films, one label in two, two sounds in three."""
    mask = CLIPS.mask(["image", "audio", "label"], batch_size=num_clips)
    shown = torch.rand(2, num_clips, generator=generator)
    mask[:, CLIPS.input_rows["label"]] = (shown[0] < 1 / 2)[:, None]
    mask[:, CLIPS.input_rows["audio"]] = (shown[1] < 2 / 3)[:, None]
    return mask


def clip_batches(
    seed: int,
    num_clips: int = 3000,
    batch_size: int = 24,
    num_pixels: int = 128,
    num_sounds: int = 8,
) -> Iterator[tuple]:
    """Some clips, some of their points to give back, and what of them is read.

    Args:
        seed: of the clips, their order, the points, and what is read.
        num_clips: to learn from.
        batch_size: clips at once.
        num_pixels: to give back, of 2,048.
        num_sounds: patches of sound to give back, of 8; and the label always.
    """
    generator = torch.Generator().manual_seed(seed)
    counts = {"image": num_pixels, "audio": num_sounds, "label": 1}
    some = clips(num_clips, seed=seed + 1)
    for image, audio, label in batches(*some[:3], batch_size=batch_size, seed=seed):
        raw = {"image": image, "audio": audio, "label": label}
        points = random_points(CLIPS.num_outputs, counts, generator)
        yield raw, points, half_hidden(len(image), generator)


def clip_loss(
    model: PerceiverIO,
    raw: dict[str, Tensor],
    points: dict[str, Tensor],
    mask: Bool[Tensor, "clips inputs"],
    label_weight: float = 0.1,
) -> Tensor:
    """The weighted loss: how much the label counts decides what the latents are for."""
    weights = {"image": 30.0, "audio": 1.0, "label": label_weight}
    return multimodal_loss(model, raw, points, weights, mask)


def score_clips(model: PerceiverIO) -> ClipScores:
    """Measure a model on the held-out clips."""
    some = held_out_clips()
    raw, number = some.raw, len(some.image)
    with torch.no_grad():
        latents = model.encode(raw, CLIPS.mask(["image", "audio"], batch_size=number))
        back = model.decode(latents, raw)
        silent = model.encode(raw, CLIPS.mask(["image"], batch_size=number))
        points = {"audio": torch.arange(CLIPS.num_outputs["audio"])}
        guessed = model.decode(silent, raw, points=points)["audio"]
    return ClipScores(
        psnr(back["image"], some.image, peak=1.0).mean().item(),
        psnr(back["audio"], some.audio[..., 0], peak=2.0).mean().item(),
        (back["label"].argmax(1) == some.label.argmax(1)).float().mean().item(),
        (cycles_heard(guessed) == some.cycles).float().mean().item(),
    )


def clip_score(model: PerceiverIO) -> float:
    """The share of hidden labels that are named; 0 if the film is not given back, too.

    A model that only classifies is no autoencoder: its film must be 2 decibels nearer
    than the best still picture, every clip's own mean frame.
    """
    film, scores = held_out_clips().image, score_clips(model)
    still = psnr(film.mean(1, keepdim=True).expand_as(film), film, peak=1.0).mean().item()
    return scores.label if scores.video > still + 2 else 0.0


RECIPES = {
    "clips": Recipe(
        CLIPS, clip_batches, clip_loss, clip_score, at_least=0.8, steps=1000, tables=0.3
    ),
}
