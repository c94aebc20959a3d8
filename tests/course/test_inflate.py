"""A video model that starts from an image model: what a still film gives, and where it does not."""

from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT

from perceiver_course.chapters.feature_maps.model import inflate, inflated_kernel
from perceiver_tutorial import hiera
from perceiver_tutorial.hiera import HieraConfig
from perceiver_tutorial.zoo import build

pytestmark = pytest.mark.usefixtures("no_gradients", "float64")

IMAGE = HieraConfig(8, 1, (1, 2, 2, 1), input_size=(64, 96), num_classes=5)
FILM = replace(hiera.video(IMAGE), input_size=(6, 64, 96), num_classes=5)
FRAMES = 6
TOLERANCE = 1e-5


@pytest.fixture
def image_model():
    return shake(build(IMAGE))


def pictures(batch_size=2):
    return torch.randn(batch_size, 3, 64, 96)


def still(images):
    return images[:, None].expand(-1, FRAMES, -1, -1, -1)


def same_at(times, film_map, image_map):
    over_time = image_map[:, :, None].expand_as(film_map)
    return relative_error(film_map[:, :, times], over_time[:, :, times]) < EXACT


EVERY, LATER = slice(None), slice(1, None)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"pool": (2, 2, 2), "input_size": (16, 64, 96)},
        {"patch_kernel": (1, 7, 7), "patch_stride": (1, 4, 4), "patch_padding": (0, 3, 3)},
        {"patch_kernel": (4, 7, 7), "patch_stride": (2, 4, 4), "patch_padding": (1, 3, 3)},
    ],
    ids=["published", "pools time", "frame by frame", "even kernel"],
)
def test_a_still_film_gets_the_pictures_own_answer_and_maps(image_model, change):
    config = replace(FILM, **change)
    model, raw = inflate(image_model, config).eval(), pictures()
    film = raw[:, None].expand(-1, config.input_size[0], -1, -1, -1)
    assert relative_error(model(film), image_model(raw)) < EXACT
    maps = zip(model.feature_maps(film), image_model.feature_maps(raw), strict=True)
    assert all(same_at(EVERY, *pair) for pair in maps)


def test_in_the_middle_a_patch_is_that_of_every_second_frame_of_any_film(image_model):
    model, film = inflate(image_model, FILM), torch.randn(1, FRAMES, 3, 64, 96)
    tokens = model.encoder.patches(film).unflatten(1, (3, -1))[0]
    assert relative_error(tokens, image_model.encoder.patches(film[0, ::2])) < EXACT


def test_a_mean_over_time_is_wrong_at_the_first_time_and_after_global_attention_everywhere(
    image_model,
):
    model, raw = inflate(image_model, FILM, "mean").eval(), pictures()
    pairs = zip(model.feature_maps(still(raw)), image_model.feature_maps(raw), strict=True)
    found = [[same_at([time], *pair) for time in range(FRAMES // 2)] for pair in pairs]
    assert found == [[False, True, True]] * 2 + [[False] * 3] * 2


def test_kernels_sum_over_time_to_the_images():
    kernel = torch.randn(4, 3, 7, 7)
    for how in ("middle", "mean"):
        assert relative_error(inflated_kernel(kernel, 3, how).sum(2), kernel) < EXACT
    assert torch.equal(inflated_kernel(kernel, 3)[:, :, 1], kernel)
    mean = inflated_kernel(kernel, 3, "mean")
    assert torch.equal(mean[:, :, 0], mean[:, :, 2])


def test_the_image_model_stays_as_it_was_and_shares_no_memory(image_model):
    before = {name: p.clone() for name, p in image_model.state_dict().items()}
    model = inflate(image_model, FILM)
    for parameter in model.parameters():
        parameter.zero_()
    assert all(torch.equal(p, before[name]) for name, p in image_model.state_dict().items())


def test_places_come_from_any_kind_of_positions_at_any_size():
    windowed = shake(build(replace(IMAGE, positions="windowed")))
    larger = replace(FILM, input_size=(6, 96, 64))
    positions = inflate(windowed, larger).encoder.positions
    assert torch.equal(positions.places.table, windowed.encoder.positions((24, 16)))
    assert not positions.times.table.any()


def test_another_number_of_classes_gets_a_new_classifier(image_model):
    model = inflate(image_model, replace(FILM, num_classes=7))
    assert model.head.weight.shape == (7, 64)
    assert torch.equal(model.norm.weight, image_model.norm.weight)
    assert inflate(image_model, replace(FILM, num_classes=None))(still(pictures())).shape == (2, 64)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    "config, words",
    [
        (IMAGE, r"configuration for films, got inputs of \(64, 96\) and \(64, 96\)"),
        (replace(FILM, stages=(1, 1, 2, 1)), r"got stages=\(1, 1, 2, 1\) for \(1, 2, 2, 1\)"),
        (
            replace(FILM, patch_kernel=(3, 5, 5), patch_padding=(1, 2, 2)),
            r"patch_kernel=\(5, 5\) for \(7, 7\); patch_padding=\(2, 2\) for \(3, 3\)\. Start",
        ),
    ],
)
def test_models_that_do_not_go_together_are_refused(image_model, config, words):
    with pytest.raises(ValueError, match=words):
        inflate(image_model, config)


@pytest.mark.usefixtures("without_shape_checks")
def test_there_are_two_ways():
    with pytest.raises(ValueError, match=r"how='middle' or how='mean', got 'sum'"):
        inflated_kernel(torch.zeros(1, 3, 7, 7), 3, "sum")
