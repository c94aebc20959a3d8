"""What is played is what is said; who cannot see hears it, who cannot hear reads it."""

import base64
import io
import re
import wave

import numpy as np
import pytest
import torch

from perceiver_course.kit.sound import play

HUM = 0.8 * torch.sin(2 * torch.pi * 11 * torch.arange(256) / 256)


def samples_of(sounds, name):
    with wave.open(io.BytesIO(sounds.files[name])) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_a_short_sound_is_repeated_without_a_seam():
    rate, samples = samples_of(play({"hum": HUM}), "hum")
    assert rate == 8000 and len(samples) == 8000
    inner = samples[300:-300]
    assert abs(inner / 32767 - HUM.repeat(32)[300:7700].numpy()).max() < 1e-4
    assert samples[0] == samples[-1] == 0


def test_its_words_say_its_pitch():
    words = repr(play({"hum": HUM, "high": HUM[::2]}, rate=4000, seconds=0.5))
    assert words.splitlines() == [
        "sound: hum, a tone of 172 hertz",
        "sound: high, a tone of 344 hertz",
    ]


def test_a_notebook_gets_players_with_words():
    sounds = play({"<hum>": HUM})
    data = sounds._repr_mimebundle_()
    assert data["text/plain"] == repr(sounds)
    assert 'aria-label="&lt;hum&gt;, a tone of 344 hertz"' in data["text/html"]
    encoded = re.search(r"base64,([^\"]+)", data["text/html"]).group(1)
    assert base64.b64decode(encoded) == sounds.files["<hum>"]


def test_what_is_too_loud_is_cut_off():
    _, samples = samples_of(play({"loud": 5 * HUM}), "loud")
    assert abs(samples.astype(int)).max() == 32767


@pytest.mark.parametrize("length", [0, 8001])
def test_a_sound_too_long_to_be_repeated_is_refused(length):
    with pytest.raises(ValueError, match=rf"expected 1 to 8000 samples of 'x', got {length}"):
        play({"x": torch.zeros(length)})
