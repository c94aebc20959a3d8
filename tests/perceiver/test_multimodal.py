"""Multimodal autoencoding: which rows belong to whom, what a loss over a few points says."""

import math
from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tiny import CONFIGS, raw_for
from tolerances import EXACT
from torch import nn

from perceiver_course.kit.recipes.clips import psnr
from perceiver_tutorial.divergences import cross_entropy
from perceiver_tutorial.perceiver import PUBLISHED, build
from perceiver_tutorial.perceiver.losses import (
    multimodal_errors,
    multimodal_loss,
    random_points,
    targets_at,
)

pytestmark = pytest.mark.usefixtures("float64")

CONFIG = CONFIGS["multimodal"]
WEIGHTS = {"image": 0.7, "audio": 2.0, "label": 0.3}
POINTS = {
    "image": torch.tensor([95, 3, 40]),
    "audio": torch.tensor([4, 1]),
    "label": torch.tensor([0]),
}


def one_hot_raw(batch_size=2):
    raw = raw_for(CONFIG, batch_size)
    return {**raw, "label": torch.eye(5)[torch.arange(batch_size) + 1]}


@pytest.fixture
def model():
    return shake(build(CONFIG)).requires_grad_(False)


@pytest.fixture
def encodings(model):
    """Grows by one whenever the model encodes."""
    recorded = []
    model.encoder.register_forward_hook(lambda *_: recorded.append(1))
    return recorded


def everything(config=CONFIG):
    return {name: torch.arange(count) for name, count in config.num_outputs.items()}


# -- which rows belong to whom ---------------------------------------------------------------


def test_rows_of_the_input_array_belong_to_the_modalities_in_the_order_of_their_names(model):
    raw = one_hot_raw()
    array = model.preprocessor(raw)
    for name, rows in CONFIG.input_rows.items():
        other = {**raw, name: raw[name] + 1}
        differs = (model.preprocessor(other) != array).any(-1).all(0).nonzero().flatten().tolist()
        # The label of the published design is always masked: nothing of it ever gets in.
        assert differs == ([] if name == "label" else list(rows))
    assert CONFIG.input_rows["label"].stop == array.shape[1]


def test_there_are_as_many_outputs_as_the_queries_know(model):
    known = model.queries.all_points(model.preprocessor(one_hot_raw()))
    assert {name: len(points) for name, points in known.items()} == CONFIG.num_outputs


def test_the_published_rows_and_outputs():
    config = PUBLISHED["deepmind/multimodal-perceiver"]
    assert config.num_outputs == {"audio": 1920, "image": 802_816, "label": 1}
    assert config.input_rows == {
        "audio": range(1920),
        "image": range(1920, 52_096),
        "label": range(52_096, 52_097),
    }


def test_what_is_not_kept_is_never_read(model):
    raw = one_hot_raw()
    mask = CONFIG.mask(["image"], batch_size=2)
    silent = {**raw, "audio": torch.zeros_like(raw["audio"])}
    assert torch.equal(model.encode(raw, mask), model.encode(silent, mask))
    assert not torch.equal(model.encode(raw), model.encode(silent))


def test_a_mask_of_all_modalities_is_true_everywhere():
    assert CONFIG.mask(["audio", "image", "label"], batch_size=3).all()
    assert CONFIG.mask(["audio"], batch_size=3).sum().item() == 3 * 5


def test_an_unknown_modality_cannot_be_kept():
    with pytest.raises(ValueError, match=r"expected names out of audio, image, label, got sound"):
        CONFIG.mask(["image", "sound"], batch_size=1)


# -- decoding a few, in chunks, once encoded ---------------------------------------------------


@pytest.mark.parametrize("chunk_size", [1, 7, 50, 1000])
def test_all_three_modalities_in_chunks_are_the_whole_and_are_encoded_once(
    model, encodings, chunk_size
):
    raw = one_hot_raw()
    latents = model.encode(raw)
    whole = model.decode(latents, raw)
    chunks = model.decode(latents, raw, chunk_size=chunk_size)
    assert len(encodings) == 1
    assert set(chunks) == set(whole) == {"audio", "image", "label"}
    for name, answer in whole.items():
        assert relative_error(chunks[name], answer) < EXACT


def test_chunks_of_points_that_hold_all_three_modalities_are_the_whole(model, encodings):
    raw = one_hot_raw()
    latents = model.encode(raw)
    whole = model.decode(latents, raw)
    parts = []
    for image, audio in zip(torch.arange(96).chunk(5), torch.arange(5).chunk(5), strict=True):
        points = {"image": image, "audio": audio, "label": torch.tensor([0])}
        parts.append(model.decode(latents, raw, points=points))
    pixels = torch.cat([part["image"] for part in parts], 1)
    sound = torch.cat([part["audio"] for part in parts], 1)
    assert len(encodings) == 1
    assert relative_error(pixels, whole["image"].movedim(2, -1).flatten(1, 3)) < EXACT
    assert relative_error(sound, whole["audio"]) < EXACT
    assert all(relative_error(part["label"], whole["label"]) < EXACT for part in parts)


# -- the loss ----------------------------------------------------------------------------------


def test_targets_are_what_a_perfect_model_would_decode():
    raw = one_hot_raw()
    targets = targets_at(raw, POINTS, samples_per_patch=4)
    for sample in range(2):
        for place, point in enumerate(POINTS["image"].tolist()):
            t, rest = divmod(point, 8 * 4)
            y, x = divmod(rest, 4)
            assert torch.equal(targets["image"][sample, place], raw["image"][sample, t, :, y, x])
        recorded = [raw["audio"][sample, 4 * p + i, 0] for p in (4, 1) for i in range(4)]
        assert targets["audio"][sample].tolist() == recorded
    assert torch.equal(targets["label"], raw["label"])


def test_the_loss_is_what_the_formula_says(model):
    raw = one_hot_raw()
    answer = model(raw)
    squares = {"image": [], "audio": []}
    surprises = []
    for b in range(2):
        for point in POINTS["image"].tolist():
            t, y, x = point // 32, point // 4 % 8, point % 4
            for c in range(3):
                gap = answer["image"][b, t, c, y, x] - raw["image"][b, t, c, y, x]
                squares["image"].append(gap.item() ** 2)
        for patch in POINTS["audio"].tolist():
            for i in range(4 * patch, 4 * patch + 4):
                squares["audio"].append((answer["audio"][b, i] - raw["audio"][b, i, 0]).item() ** 2)
        scores = answer["label"][b].tolist()
        chosen = scores[raw["label"][b].argmax()]
        surprises.append(math.log(sum(math.exp(score) for score in scores)) - chosen)
    expected = sum(WEIGHTS[name] * sum(some) / len(some) for name, some in squares.items())
    expected += WEIGHTS["label"] * sum(surprises) / 2
    loss = multimodal_loss(model, raw, POINTS, WEIGHTS)
    assert loss.item() == pytest.approx(expected, rel=EXACT)


def test_with_all_points_the_loss_is_that_of_the_whole_answer(model):
    raw = one_hot_raw()
    answer = model(raw)
    expected = (
        0.7 * nn.functional.mse_loss(answer["image"], raw["image"])
        + 2.0 * nn.functional.mse_loss(answer["audio"], raw["audio"][..., 0])
        + 0.3 * nn.functional.cross_entropy(answer["label"], raw["label"].argmax(1))
    )
    assert relative_error(multimodal_loss(model, raw, everything(), WEIGHTS), expected) < EXACT


def test_random_points_give_the_loss_of_all_on_average(model):
    raw = one_hot_raw()
    whole = multimodal_errors(model, raw, everything())
    generator = torch.Generator().manual_seed(0)
    draws = []
    with torch.no_grad():
        for _ in range(200):
            points = random_points(CONFIG.num_outputs, {"image": 24, "audio": 3}, generator)
            errors = multimodal_errors(model, raw, points)
            draws.append(torch.stack([errors["audio"], errors["image"]]))
    mean = torch.stack(draws).mean(0)
    assert relative_error(mean, torch.stack([whole["audio"], whole["image"]]).detach()) < 0.05


def test_a_gradient_reaches_every_parameter_that_is_used():
    config = replace(CONFIG, label=replace(CONFIG.label, mask_probability=0.0))
    model = shake(build(config)).train()
    multimodal_loss(model, one_hot_raw(), POINTS, WEIGHTS).backward()
    without = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    # Nothing is masked, so no mask token is read.
    assert without == {f"preprocessor.mask_tokens.{name}" for name in CONFIG.input_rows}


def test_where_labels_are_masked_the_mask_token_learns_in_the_place_of_the_label():
    model = shake(build(CONFIG)).train()
    multimodal_loss(model, one_hot_raw(), POINTS, WEIGHTS).backward()
    assert model.preprocessor.mask_tokens["label"].grad.any()


def test_a_modality_that_is_left_out_is_not_decoded_and_costs_nothing(model):
    errors = multimodal_errors(model, one_hot_raw(), {"audio": torch.tensor([2])})
    assert set(errors) == {"audio"}


def test_what_is_hidden_is_still_wanted_back(model):
    raw, mask = one_hot_raw(), CONFIG.mask(["image"], batch_size=2)
    louder = {**raw, "audio": 3 * raw["audio"]}
    first, other = (multimodal_errors(model, some, POINTS, mask) for some in (raw, louder))
    assert torch.equal(first["image"], other["image"]) and first["audio"] != other["audio"]


# -- which points ------------------------------------------------------------------------------


def test_points_are_chosen_from_all_outputs_none_twice():
    seen = {name: set() for name in CONFIG.num_outputs}
    generator = torch.Generator().manual_seed(0)
    for _ in range(60):
        points = random_points(CONFIG.num_outputs, {"image": 9, "audio": 2, "label": 1}, generator)
        for name, some in points.items():
            assert len(some.unique()) == len(some) == {"image": 9, "audio": 2, "label": 1}[name]
            seen[name] |= set(some.tolist())
    assert {name: len(some) for name, some in seen.items()} == CONFIG.num_outputs


def test_a_seed_chooses_the_same_points_again():
    first, again, other = (
        random_points(CONFIG.num_outputs, {"image": 9}, torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert torch.equal(first["image"], again["image"])
    assert not torch.equal(first["image"], other["image"])


@pytest.mark.parametrize("counts, message", [
    ({"image": 97}, r"expected 1 to 96 points of image, got 97"),
    ({"audio": 0}, r"expected 1 to 5 points of audio, got 0"),
    ({"video": 1}, r"got 1. There are 5 of audio, 96 of image, 1 of label"),
])  # fmt: skip
def test_points_that_are_not_there_cannot_be_chosen(counts, message):
    with pytest.raises(ValueError, match=message):
        random_points(CONFIG.num_outputs, counts)


# -- decibels ----------------------------------------------------------------------------------


def test_decibels_are_those_of_the_formula_sample_by_sample():
    guess, truth = torch.rand(3, 4, 5), torch.rand(3, 4, 5)
    for b, ratio in enumerate(psnr(guess, truth, peak=2.0).tolist()):
        pairs = zip(guess[b].flatten().tolist(), truth[b].flatten().tolist(), strict=True)
        error = sum((g - t) ** 2 for g, t in pairs) / 20
        assert ratio == pytest.approx(10 * math.log10(4 / error), rel=EXACT)


def test_a_tenth_of_the_error_is_ten_decibels_more():
    truth = torch.rand(2, 7)
    once, less = (psnr(truth + error, truth, peak=1.0) for error in (0.1, 0.1 / 10**0.5))
    assert relative_error(less - once, torch.full((2,), 10.0)) < EXACT


def test_a_peak_is_above_zero():
    with pytest.raises(ValueError, match=r"expected a peak above 0, got 0.0. Colours from 0 to 1"):
        psnr(torch.rand(1, 2), torch.rand(1, 2), peak=0.0)


def test_a_label_that_is_ruled_out_and_wrong_anyway_costs_nothing():
    logits = torch.tensor([[0.0, -torch.inf]], requires_grad=True)
    loss = cross_entropy(logits, torch.tensor([[1.0, 0.0]]))
    loss.backward()
    assert loss.item() == 0 and logits.grad.isfinite().all()
