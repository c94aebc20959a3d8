"""Clips: what flies, how fast, and what it hums; the file of them is made by its script."""

import numpy as np
import pytest
import torch

from perceiver_course.kit.clips import FILE, SHAPES, clips, cycles_heard, read_clips
from tools import make_clips

SOME = clips(40, seed=3)


def middles(image):
    """Where the shape is in every frame, from -1 to 1: the mean place of what is not ground."""
    ink = (image - 0.1).mean(2)
    places = (2 * torch.arange(16) + 1) / 16 - 1
    rows, columns = ink.sum(-1), ink.sum(-2)
    return torch.stack([(one * places).sum(-1) / one.sum(-1) for one in (rows, columns)], -1)


def test_clips_are_what_a_multimodal_perceiver_takes():
    assert {name: tuple(part.shape) for name, part in SOME.raw.items()} == {
        "image": (40, 8, 3, 16, 16),
        "audio": (40, 128, 1),
        "label": (40, 4),
    }
    assert SOME.image.min() >= 0 and SOME.image.max() <= 1
    assert SOME.audio.abs().max() <= 1


def test_a_seed_makes_the_same_clips_again():
    again, other = clips(40, seed=3), clips(40, seed=4)
    assert all(torch.equal(a, b) for a, b in zip(SOME, again, strict=True))
    assert not torch.equal(SOME.image, other.image)


def test_the_classes_take_turns():
    assert SOME.label.argmax(1).tolist() == [n % len(SHAPES) for n in range(40)]
    assert SOME.label.sum(1).eq(1).all()


def test_a_shape_flies_as_fast_as_its_speed_says():
    inside = [n for n in range(40) if SOME.speeds[n] < 0.8 and SOME.image[n, [0, -1]].max() > 0.3]
    where = middles(SOME.image[inside])
    flown = (where[:, -1] - where[:, 0]).norm(dim=-1) * 8 / 7
    off_the_edge = where.abs().amax((1, 2)) > 0.38
    near = (flown - SOME.speeds[inside]).abs() < 0.05
    assert near[~off_the_edge].all() and (~off_the_edge).sum() >= 5


def test_the_faster_the_higher_and_every_hum_is_whole():
    assert torch.equal(cycles_heard(SOME.audio[..., 0]), SOME.cycles)
    assert SOME.cycles.min() >= 2 and SOME.cycles.max() <= 10
    order = SOME.speeds.argsort()
    assert (SOME.cycles[order].diff() >= 0).all()
    assert (SOME.audio[:, 0] - SOME.audio.roll(1, 1)[:, 0]).abs().max() < 0.45  # no seam


def test_twice_the_frames_have_the_old_ones_among_them():
    finer = clips(6, seed=3, num_frames=16)
    assert torch.allclose(finer.image[:, ::2], clips(6, seed=3).image, atol=1e-6)


def test_other_sizes_can_be_had():
    other = clips(5, num_frames=3, image_size=(12, 20), num_samples=96)
    assert other.image.shape == (5, 3, 3, 12, 20) and other.audio.shape == (5, 96, 1)
    assert torch.equal(cycles_heard(other.audio[..., 0]), other.cycles)


def test_the_script_makes_the_same_file_again(tmp_path, capsys):
    assert make_clips.main(tmp_path / "clips.npz") == 0
    assert "64 clips" in capsys.readouterr().out
    made, stored = (dict(np.load(file)) for file in (tmp_path / "clips.npz", FILE))
    assert made.keys() == stored.keys()
    for name, values in stored.items():
        # Another machine may round the last digit otherwise, and a value then falls next to it.
        assert abs(made[name].astype(float) - values.astype(float)).max() <= 1
        assert (made[name] != values).mean() < 0.01
    assert FILE.stat().st_size < 1_000_000


def test_the_file_is_read_as_what_was_written_to_its_last_step():
    read, made = read_clips(), clips(make_clips.NUM_CLIPS, make_clips.SEED)
    assert (read.image - made.image).abs().max() <= 0.51 / 255
    assert (read.audio - made.audio).abs().max() <= 0.51 / 32767
    assert torch.equal(read.label, made.label) and torch.equal(read.cycles, made.cycles)


def test_a_missing_file_comes_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python tools/make_clips.py"):
        read_clips(tmp_path / "none.npz")
