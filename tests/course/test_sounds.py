"""Sounds are what their class says, and what their classifier is compared with hears no order."""

import pytest
import torch
from shaken import shake

from perceiver_course.chapters.extending.data import RATE, SOUNDS, sounds
from perceiver_course.chapters.extending.model import (
    AudioClassifierConfig,
    LogSpectrum,
    spectrum_classifier,
)
from perceiver_tutorial.perceiver import EncoderConfig, FourierConfig, build
from perceiver_tutorial.tracing import walk

WAVES, LABELS = sounds(160, seed=3)
ENCODER = EncoderConfig(
    num_latents=7,
    latent_channels=12,
    num_blocks=2,
    layers_per_block=1,
    self_heads=3,
    cross_heads=1,
    qk_channels=12,
)


def of(name):
    return WAVES[SOUNDS.index(name) == LABELS, :, 0]


def strongest(waves):
    """The strongest pitch of each, in turns a second."""
    return torch.fft.rfft(waves).abs().argmax(-1) * RATE / waves.shape[-1]


def loudness(waves, pieces=4):
    return waves.unflatten(-1, (pieces, -1)).pow(2).mean(-1).sqrt()


def test_classes_take_turns_and_sounds_are_mono():
    assert WAVES.shape == (160, 1024, 1) and LABELS[:9].tolist() == [*range(8), 0]


def test_the_same_seed_makes_the_same_sounds_and_every_class_some():
    first, again, other = (sounds(5, 64, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.isfinite(WAVES).all() and WAVES.std((1, 2)).min() > 0.25


@pytest.mark.parametrize("name", ["tone", "tremolo", "square"])
def test_a_steady_pitch_stays(name):
    early, late = of(name)[:, :512], of(name)[:, 512:]
    assert (strongest(early) - strongest(late)).abs().median() <= RATE / 512


@pytest.mark.parametrize("name, sign", [("chirp up", 1), ("chirp down", -1)])
def test_chirps_go_where_they_say(name, sign):
    early, late = of(name)[:, :256], of(name)[:, -256:]
    assert (sign * (strongest(late) - strongest(early)) > 0).all()


def test_pitches_lie_between_200_and_800_turns_a_second():
    recorded = strongest(of("tone"))
    assert recorded.min() >= 195 and recorded.max() <= 805 and recorded.std() > 100


def test_a_pluck_dies_away_and_a_burst_is_one_moment():
    assert (loudness(of("pluck"))[:, 0] > loudness(of("pluck"))[:, 3]).all()
    burst = loudness(of("noise burst"), 8)
    assert (burst.amax(1) > 2 * burst.amin(1)).all()


def test_a_tremolo_swells_and_a_tone_does_not():
    unrest = {name: (loudness(of(name), 16).std(1) / loudness(of(name), 16).mean(1)).mean()
              for name in ("tone", "tremolo")}  # fmt: skip
    assert unrest["tremolo"] > 3 * unrest["tone"]


def test_the_pitch_of_a_vibrato_wanders():
    pieces = of("vibrato").unflatten(-1, (16, -1))
    steady = of("tone").unflatten(-1, (16, -1))
    assert strongest(pieces).std(1).mean() > 2 * strongest(steady).std(1).mean()


# --- the model ----------------------------------------------------------------------------------


def test_a_sound_of_published_length_can_be_walked():
    encoder = EncoderConfig(512, 1024, 8, 6, self_heads=8, cross_heads=1)
    steps = walk(AudioClassifierConfig(encoder, FourierConfig(192, (1920,))))
    assert steps["preprocessor"].shape == (1, 1920, 16 + 385)
    assert steps["answer"].shape == (1, 700)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_answer_is_one_score_for_each_class(channels):
    config = AudioClassifierConfig(
        ENCODER, FourierConfig(3, (8,)), 64, 8, audio_channels=channels, num_classes=5
    )
    model = shake(build(config)).eval()
    assert model(torch.randn(3, 64, channels)).shape == (3, 5)
    with pytest.raises(ValueError, match=r"expected sounds \[batch, 64, .\], got \[3, 60, .\]"):
        model(torch.randn(3, 60, channels))


def test_the_model_hears_the_order_of_patches_and_the_spectrum_does_not():
    config = AudioClassifierConfig(ENCODER, FourierConfig(3, (8,)), 64, 8, num_classes=5)
    model, wave = shake(build(config)).eval(), torch.randn(2, 64, 1)
    assert not torch.allclose(model(wave), model(wave.flip(1)), atol=1e-3)
    spectrum = LogSpectrum()
    torch.testing.assert_close(spectrum(wave), spectrum(wave.flip(1)))


def test_the_spectrum_of_a_tone_is_one_pitch():
    wave = (2 * torch.pi * 5 * torch.arange(64) / 64).sin()[None, :, None]
    spectrum = LogSpectrum()(wave)[0]
    assert spectrum.shape == (33,) and int(spectrum.argmax()) == 5
    assert spectrum[5].item() == pytest.approx(torch.tensor(1 + 32.0).log().item(), rel=1e-4)
    assert spectrum_classifier(64, 5)(wave).shape == (1, 5)
