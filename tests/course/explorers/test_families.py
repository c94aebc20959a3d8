"""What the explorer of families draws and tells is what the real models take."""

import io

import pytest
import torch
from PIL import Image
from pixels import same_picture

from perceiver_course.explorers.amounts import in_bytes, in_powers, in_words
from perceiver_course.explorers.families.explorer import (
    SHOWN,
    _divide,
    _photograph,
    _published,
    families,
    of_side,
)
from perceiver_course.explorers.families.layers import layers_of
from perceiver_course.kit import samples
from perceiver_tutorial.tracing import cost, walk

ORDER = ("Perceiver", "Hiera", "DeiT")


def models(side=224, pixels="fourier", stages="tiny", patches="tiny"):
    found = _published(pixels, stages, patches).values()
    return dict(zip(ORDER, (of_side(config, side) for config in found), strict=True))


@pytest.mark.parametrize("setting", [
    {"side": 224, "pixels": "fourier", "stages": "tiny", "patches": "tiny"},
    {"side": 448, "pixels": "conv", "stages": "base", "patches": "small"},
    {"side": 128, "pixels": "learned", "stages": "tiny", "patches": "base"},
])  # fmt: skip
def test_sums_are_those_that_cost_counts(setting):
    explorer = families()
    explorer.turn(**setting)
    told = explorer.picture.alt.split("; ")
    for words, config in zip(told, models(**setting).values(), strict=True):
        total = cost(config).total
        assert f"{in_powers(total.flops)} operations" in words
        assert f"{in_bytes(total.map_bytes)} in the largest map" in words
        assert f"{in_words(total.parameters)} parameters" in words


@pytest.mark.parametrize("family", ORDER)
def test_there_is_a_bar_for_every_layer_and_it_has_the_rows_that_are_read(family):
    config = models()[family]
    layers, steps = layers_of(config), walk(config, depth=None)
    attends = [step for step in steps.steps if step.kind == "HookPoint" and "keys" in step.axes]
    runs = sum(step.runs for step in attends)
    assert len(layers) - runs == (1 if family == "Perceiver" else 2)
    read = {step.shape[-1] for step in attends}
    windows = {3136: 64, 784: 16} if family == "Hiera" else {}
    assert read == {windows.get(layer.tokens, layer.tokens) for layer in layers if layer.map_bytes}


def test_ratios_and_growth_in_the_title_are_those_of_the_models():
    explorer = families()
    explorer.turn(measure="operations", side=448, stages="tiny", patches="tiny")
    few, stages, patches = (cost(config).total.flops for config in models(448).values())
    before = [cost(config).total.flops for config in models(224).values()]
    told = explorer.picture.alt
    assert f"the Perceiver's are {few / stages:.0f} times Hiera's" in told
    assert f"{few / patches:.0f} times DeiT's" in told
    grown = [now / then for now, then in zip((few, stages, patches), before, strict=True)]
    assert "They are " + ", ".join(f"{one:.2g}" for one in grown) + " times" in told
    assert grown[0] < 1.5 < 4 < grown[2]


def middle(image, left, top, side):
    """The mean colour of a square of the photograph, from 0 to 255."""
    box = (left, top, left + side, top + side)
    return torch.tensor(image.resize((1, 1), Image.Resampling.BOX, box=box).getpixel((0, 0)))


def test_a_cell_has_the_mean_colour_of_its_patch():
    image = _photograph(None, 224)
    divided, words = _divide(models()["DeiT"], image)
    assert words == "and 196 patches"
    for row, column in ((0, 0), (4, 9), (13, 13)):
        at = [int((n + 0.5) / 14 * SHOWN) for n in (row, column)]
        shown = divided.mosaic[:, at[0], at[1]]
        assert (shown - middle(image, 16 * column, 16 * row, 16)).abs().max() <= 1
    assert len(divided.front) == models()["DeiT"].num_prefix_tokens


def test_a_quarter_shows_the_tokens_of_its_stage():
    image = _photograph(None, 224)
    divided, words = _divide(models()["Hiera"], image)
    assert words == "3,136, then 784, then 196, then 49"
    corners = [(left, top) for left, top, _ in divided.labels]
    assert corners == [(0, 0), (4 / 7, 0), (0, 4 / 7), (4 / 7, 4 / 7)]
    for side, (left, top) in zip((4, 8, 16, 32), corners, strict=True):
        x, y = (round(at * 224 / side) + 1 for at in (left, top))
        at = [int((n + 0.5) * side / 224 * SHOWN) for n in (y, x)]
        shown = divided.mosaic[:, at[0], at[1]]
        assert (shown - middle(image, side * x, side * y, side)).abs().max() <= 1


@pytest.mark.parametrize("pixels, side", [("fourier", 224), ("fourier", 448), ("conv", 128)])
def test_the_lens_shows_what_is_in_its_frame(pixels, side):
    image = _photograph(None, side)
    divided, _ = _divide(models(side, pixels=pixels)["Perceiver"], image)
    (left, top, right, _), near = divided.frames[0], 12
    assert 0 <= left < right <= 1
    step = (right - left) * side / near
    lens, corner = round(0.42 * SHOWN), SHOWN - round(0.42 * SHOWN)
    for row, column in ((0, 0), (3, 8), (11, 11)):
        at = [corner + int((n + 0.5) / near * lens) for n in (row, column)]
        expected = middle(image, left * side + step * column, top * side + step * row, step)
        assert (divided.mosaic[:, at[0], at[1]] - expected).abs().max() <= 2


def test_a_photograph_of_your_own_is_divided_and_something_else_is_refused():
    explorer, buffer = families(), io.BytesIO()
    before = explorer.picture.png
    samples.cat().rotate(90, expand=True).save(buffer, "PNG")
    explorer.turn(content=buffer.getvalue())
    assert not same_picture(explorer.picture.png, before)
    explorer.turn(content=b"no picture")
    assert "expected a picture, as PNG, JPEG or WebP, got 10 bytes" in explorer._note.value
