"""Guesses and exercises about published files are true of the layouts that read such files."""

import pytest
import torch
from shaken import shake

from perceiver_course.chapters.checkpoints.exercises import DOCTORED, doctored
from perceiver_course.predictions import PREDICTIONS
from perceiver_tutorial import deit
from perceiver_tutorial.checkpoints import compare, load
from perceiver_tutorial.checkpoints.families import (
    PUBLISHED,
    layout_of,
    own_weights,
    shapes_of,
)
from perceiver_tutorial.zoo import build

BASE = "facebook/deit-base-distilled-patch16-224"
FOURIER = "deepmind/vision-perceiver-fourier"
READ = "perceiver_encoder/~/cross_attention"
CONFIG = deit.DeiTConfig(12, num_heads=3, depth=4, image_size=(32, 48), num_classes=5)


@pytest.mark.parametrize("guess, model, layout, name", [
    ("checkpoints.fused", BASE, "meta", "blocks.0.attn.qkv.weight"),
    ("checkpoints.haiku", FOURIER, "deepmind", f"{READ}/attention/linear//w"),
    ("checkpoints.table", BASE, "meta", "pos_embed"),
])  # fmt: skip
def test_what_is_guessed_about_a_file_is_so_in_the_file(guess, model, layout, name):
    stored = layout_of(PUBLISHED[model], layout).write(shapes_of(PUBLISHED[model]))
    assert PREDICTIONS[guess].true_shape() == tuple(stored[name].shape)


def test_a_doctored_file_differs_in_three_weights_and_shapes_show_one():
    state = layout_of(CONFIG, "meta").write(own_weights(shake(build(CONFIG))))
    before = dict(state)
    changed = doctored(state)
    assert state == before
    same = {n for n in changed if n in state and torch.equal(changed[n], state[n])}
    assert set(changed) - same == set(DOCTORED.reference())
    assert [weight.theirs for weight in compare(changed, CONFIG).misfits] == [
        "norm.weight",
        "norm.gamma",
    ]


def test_a_doctored_file_under_its_right_names_loads_and_answers_otherwise():
    model = shake(build(CONFIG))
    changed = doctored(layout_of(CONFIG, "meta").write(own_weights(model)))
    changed["norm.weight"] = changed.pop("norm.gamma")
    images = torch.rand(2, 3, 32, 48)
    wrong = load(changed, config=CONFIG)
    apart = [
        not torch.allclose(a, b, atol=1e-4)
        for a, b in zip(
            deit.tokens_by_layer(model, images), deit.tokens_by_layer(wrong, images), strict=True
        )
    ]
    assert apart == [False, False, True, True, True]
