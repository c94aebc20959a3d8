"""The explorer of queries: answers are the full decode's, costs the counted ones, encoded once."""

import sys

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from perceiver_course.explorers.queries import (
    CHUNKS,
    SIDE,
    SIZES,
    all_answers,
    answers,
    decode_flops,
    draw,
    encoded,
    places,
)
from perceiver_course.kit.recipes.clips import CLIPS
from perceiver_tutorial.hooks import record
from perceiver_tutorial.tracing import cost

START = {"size": 5, "row": 6, "column": 4, "frame": 3, "chunk": "all at once"}


def whole_film() -> torch.Tensor:
    """All outputs in one go: frames, rows, columns, colours."""
    model, raw, latents = encoded()
    with torch.no_grad():
        return model.decode(latents, raw)["image"][0].movedim(1, -1)


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("ask", ["a box", "every k-th", "rows", "scattered"])
def test_answers_are_those_of_the_full_decode(ask, chunk):
    asked = places(ask, 60 if ask == "scattered" else 6, 5, 9)
    found = answers(asked, 4, CHUNKS[chunk])
    torch.testing.assert_close(found, whole_film()[4][asked], atol=1e-5, rtol=0)
    assert not torch.allclose(found, whole_film()[5][asked], atol=1e-2)
    assert not torch.allclose(found, whole_film()[4][asked.roll(3, 1)], atol=1e-2)


def test_between_the_pixels_lie_new_places_and_the_known_ones_keep_their_answers():
    asked = places("between the pixels", SIDE, 0, 0)
    assert asked.sum() == 3 * SIDE**2
    fine = all_answers(2 * SIDE, 2)
    torch.testing.assert_close(fine[::2, ::2], whole_film()[2], atol=1e-5, rtol=0)
    torch.testing.assert_close(answers(asked, 2, 64), fine[asked], atol=1e-5, rtol=0)


def test_it_encodes_once_however_often_it_is_asked():
    all_answers.cache_clear()
    with record(encoded().model, "encoder.cross.*.weights") as recorded:
        for ask in SIZES:
            draw(**{**START, "ask": ask})
    assert not any(recorded.values())
    model, raw, latents = encoded()
    with torch.no_grad():
        again = model.encode(raw, CLIPS.mask(["image", "audio"], batch_size=1))
    torch.testing.assert_close(latents, again)


def counted(num_pixels: int, chunk_size: int | None) -> int:
    """What torch counts while pixels are decoded."""
    model, raw, latents = encoded()
    points = {"image": torch.arange(num_pixels)}
    # torch's counter does not know the fused kernel of every device.
    fused = sdpa_kernel(SDPBackend.MATH)
    with FlopCounterMode(display=False) as counter, fused, torch.no_grad():
        model.decode(latents, raw, points=points, chunk_size=chunk_size)
    return counter.get_total_flops()


@pytest.mark.parametrize("num_pixels, chunk_size", [(1, None), (256, None), (200, 64), (65, 32)])
def test_costs_are_what_torch_counts(num_pixels, chunk_size):
    chunks = -(-num_pixels // (chunk_size or num_pixels))
    assert decode_flops(num_pixels, chunks) == counted(num_pixels, chunk_size)
    assert decode_flops(num_pixels, chunks + 1) != counted(num_pixels, chunk_size)


def test_the_costs_of_all_outputs_and_of_encoding_are_those_of_the_walk():
    walked = cost(CLIPS)
    everything = walked["decoder"].flops + walked["postprocessor"].flops
    alt = draw(**{**START, "ask": "a box"}).alt
    assert f"encode, once {walked['encoder'].flops / 1e6:.2f}, " in alt
    assert f"decode all 2,057 outputs {everything / 1e6:.2f}, " in alt


@pytest.mark.parametrize("ask, size, count", [
    ("a box", 5, 25), ("a box", 1, 1), ("every k-th", 1, 256), ("every k-th", 4, 16),
    ("rows", 1, 12), ("rows", 16, 192), ("scattered", 40, 40), ("scattered", 256, 256),
    ("between the pixels", 5, 75), ("between the pixels", 16, 768),
])  # fmt: skip
def test_as_many_places_as_are_asked_for(ask, size, count):
    asked, walked = places(ask, size, 6, 4), cost(CLIPS)
    everything = walked["decoder"].flops + walked["postprocessor"].flops
    assert asked.sum() == count
    title = draw(**{**START, "ask": ask, "size": size}).figure.axes[0].texts[0].get_text()
    queries = "1 query" if count == 1 else f"{count} queries"
    share = decode_flops(count) / everything
    said = f"{queries}, {3 * count:,} numbers, {share:.1%} of the cost of a full decode"
    assert title == said


@pytest.mark.parametrize("ask", SIZES)
def test_places_follow_row_and_column(ask):
    size = 40 if ask == "scattered" else 3
    here, there = places(ask, size, 6, 4), places(ask, size, 7, 6)
    assert not torch.equal(here, there)
    if ask != "scattered":
        first = here.nonzero()[0] * SIDE / len(here)
        assert first.tolist() in ([6, 4], [6, 4.5], [0, 1])


def test_a_box_that_would_leave_the_picture_is_moved_back():
    assert places("a box", 5, 15, 15).nonzero().min(0).values.tolist() == [11, 11]


def panels(**changed):
    left, middle, right = draw(**{**START, "ask": "a box", **changed}).figure.axes[1:4]
    return left, middle.images[0].get_array(), right.images[0].get_array()


@pytest.mark.parametrize("ask", SIZES)
def test_the_picture_shows_the_answers_and_nothing_else(ask):
    left, middle, right = panels(ask=ask)
    asked = places(ask, 5, 6, 4).numpy()
    assert np.array_equal(middle[..., 3], asked)
    np.testing.assert_allclose(middle[asked][:, :3], right[asked], atol=1e-5)
    assert sum(len(line.get_xdata()) for line in left.lines) == asked.sum()


def test_dots_stand_on_their_pixels_and_change_their_look_with_the_chunk():
    left, *_ = panels(ask="rows", size=4, chunk="32 at a time")
    first, second = (np.stack([line.get_ydata(), line.get_xdata()], 1) for line in left.lines)
    expected = places("rows", 4, 6, 4).nonzero().numpy()
    np.testing.assert_array_equal(first, expected[:32])
    np.testing.assert_array_equal(second, expected[32:])
    assert left.lines[0].get_marker() != left.lines[1].get_marker()


def test_a_difference_is_not_hidden(monkeypatch):
    module = sys.modules["perceiver_course.explorers.queries"]
    honest = module.answers
    all_answers(SIDE, 3)
    monkeypatch.setattr(module, "answers", lambda *given: honest(*given) + 0.25)
    assert (
        "Among all of the frame the answers differ by 0.25000."
        in draw(**{**START, "ask": "a box"}).alt
    )
