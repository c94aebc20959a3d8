"""Every drawing function, given too many axes, whole numbers, words, NaN or nothing."""

import inspect

import matplotlib.pyplot as plt
import pytest
import torch
from oracle import outcome
from publics import course, publics
from strategies import NOT_NUMBERS, SPOILT, change, example, tensors_in

WAYS = {
    how: {**SPOILT, **NOT_NUMBERS}[how]
    for how in ("an axis more", "torch.complex64", "a word", "all NaN", "none of the front")
}
OURS = "it takes what a walk, a battle, a detector or an explorer made"
SIZES = "its sizes must multiply to each other; the signature cannot say so: see test_pictures.py"
NO_TENSORS = "it takes numbers and words, no tensor: see test_pictures.py"
LEFT_OUT = {
    **dict.fromkeys((
        "draw_battle", "draw_boxes", "draw_cross_attend", "draw_key_map", "draw_modalities",
        "draw_photographs", "draw_query_map", "draw_query_places", "draw_sampled", "draw_scaling",
        "draw_shares", "draw_situations", "draw_walk", "show_axes", "show_tensors",
    ), OURS),
    **dict.fromkeys((
        "draw_attention", "draw_band_table", "draw_bands", "draw_cloud_attention",
        "draw_feature_rows", "draw_attention_maps", "draw_images", "draw_similarity_maps",
        "draw_maps",
        "draw_matching", "draw_read_bytes", "draw_reading", "draw_rebuilt", "draw_similarities",
        "draw_similarity", "draw_slices", "draw_softened", "draw_steps", "draw_token_strip",
        "draw_waves",
    ), SIZES),
    **dict.fromkeys(("draw_guesses", "draw_spans", "draw_losses"), NO_TENSORS),
}  # fmt: skip
pytestmark = pytest.mark.usefixtures("without_shape_checks")


def plain(name: str) -> dict:
    torch.manual_seed(0)
    return example(inspect.unwrap(DRAWINGS[name]), {})


DRAWINGS = {
    key.rpartition(".")[2]: value
    for key, value in publics().items()
    if key.rpartition(".")[2].startswith(("draw_", "show_"))
}
TRIED = [name for name in DRAWINGS if name not in LEFT_OUT]


@pytest.mark.parametrize("name", TRIED)
def test_a_drawing_is_asked_for_as_it_should_not_be(name):
    draw = DRAWINGS[name]
    for path in list(tensors_in(plain(name)))[:1]:
        for spoil in WAYS.values():
            arguments = change(plain(name), path, spoil)
            outcome(lambda arguments=arguments: draw(**arguments))
            plt.close("all")


def test_most_drawing_functions_are_tried():
    assert len(TRIED) >= 25
    assert set(LEFT_OUT) <= set(course())
