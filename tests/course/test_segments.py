"""Pixels with a name: the images, the head on all feature maps, and how it is judged."""

from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from torch import nn
from torch.nn.functional import conv2d, interpolate, layer_norm

from perceiver_course.chapters.feature_maps.data import SEGMENTS, segments
from perceiver_course.chapters.feature_maps.model import (
    HieraSegmenterConfig,
    TopDownSum,
    mean_overlap,
    overlaps,
    pixel_classifier,
    stretch,
)
from perceiver_tutorial.hiera import Hiera, HieraConfig, video
from perceiver_tutorial.initialisation import initialise
from perceiver_tutorial.tracing import cost, walk
from perceiver_tutorial.zoo import build

pytestmark = pytest.mark.usefixtures("float64")

TINY = HieraConfig(8, 1, (1, 2, 1, 1), input_size=(64, 96), num_classes=None)
SEGMENTER = HieraSegmenterConfig(TINY, num_classes=5, channels=12)
WIDTHS, GRIDS = (3, 4, 5), ((8, 12), (4, 6), (2, 3))


def maps():
    return [torch.randn(2, c, *grid) for c, grid in zip(WIDTHS, GRIDS, strict=True)]


# --- the images ---------------------------------------------------------------------------------


def test_a_pixel_is_named_after_what_it_shows():
    images, labels = segments(60, (48, 64), seed=3)
    assert images.shape == (60, 3, 48, 64) and labels.shape == (60, 48, 64)
    assert labels.unique().tolist() == [*range(len(SEGMENTS))]
    brightest = images.amax(1)
    assert brightest[labels > 0].mean() > 0.6 > 0.3 > brightest[labels == 0].mean()
    assert ((brightest > 0.35) == (labels > 0)).float().mean() > 0.95


def test_one_to_three_shapes_are_there_and_their_colours_tell_nothing():
    images, labels = segments(600, seed=1)
    kinds = torch.stack([(labels == k).flatten(1).any(1) for k in range(1, 5)], 1).sum(1)
    assert kinds[::3].max() == 1 and kinds.max() == 3 and kinds.min() >= 1
    colours = [images.movedim(1, -1)[labels == kind].mean(0) for kind in range(1, 5)]
    assert (torch.stack(colours) - 0.7).abs().max() < 0.05


def test_a_seed_draws_the_same_images():
    one, same, other = segments(4, seed=5), segments(4, seed=5), segments(4, seed=6)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[1], other[1])


# --- the head -----------------------------------------------------------------------------------


def test_the_top_down_sum_is_each_map_stretched_step_by_step_and_added():
    add_up = shake(TopDownSum([*WIDTHS], channels=7))
    given, wanted = maps(), 0
    for level, one in enumerate(given):
        norm, linear = add_up.norms[level], add_up.to_channels[level]
        normed = layer_norm(one.movedim(1, -1), one.shape[1:2], norm.weight, norm.bias, 1e-6)
        brought = conv2d(normed.movedim(-1, 1), linear.weight[..., None, None], linear.bias)
        for finer in reversed(GRIDS[:level]):
            brought = interpolate(brought, finer, mode="bilinear")
        wanted = wanted + brought
    assert relative_error(add_up(given), wanted) < EXACT


def test_stretching_keeps_what_is_even_and_lies_between():
    assert torch.equal(
        stretch(torch.full((1, 2, 2, 3), 5.0), (8, 12)), torch.full((1, 2, 8, 12), 5.0)
    )
    line = stretch(torch.tensor([0.0, 4.0]).view(1, 1, 1, 2), (1, 4))
    assert line.flatten().tolist() == [0.0, 1.0, 3.0, 4.0]


@pytest.mark.parametrize("chosen", [(0, 1, 2, 3), (0,), (3,), (1, 3)])
def test_every_map_that_is_read_and_no_other_counts(chosen):
    model = shake(build(replace(SEGMENTER, maps=chosen)))
    raw = torch.randn(2, 3, 64, 96)
    scores = model(raw)
    assert scores.shape == (2, 5, 64, 96)
    (scores**2).sum().backward()
    heads = [linear.weight.grad.abs().sum() for linear in model.add_up.to_channels]
    assert len(heads) == len(chosen) and all(heads)
    unread = model.encoder.stages[max(chosen) + 1 :]
    assert all(p.grad is None for p in unread.parameters())


def test_it_names_pixels_of_pictures_of_any_size_that_tiles():
    assert build(SEGMENTER)(torch.randn(1, 3, 96, 32)).shape == (1, 5, 96, 32)


def test_the_finest_map_alone_keeps_to_its_mask_unit():
    model = shake(build(replace(SEGMENTER, maps=(0,))))
    raw = torch.randn(1, 3, 64, 96)
    changed = raw.clone()
    changed[0, :, 10, 45] += 1
    differs = (model(raw) != model(changed)).any(1)[0]
    assert differs.any() and not differs[40:].any() and not differs[:, :24].any()


def test_an_encoder_that_learned_elsewhere_goes_in_and_gives_its_maps():
    learned, model = shake(Hiera(TINY)), build(SEGMENTER)
    model.encoder.load_state_dict(learned.encoder.state_dict())
    raw = torch.randn(1, 3, 64, 96)
    pairs = zip(learned.feature_maps(raw), model.encoder.feature_maps(raw), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)


def test_it_is_walked_and_counted():
    table = walk(SEGMENTER)
    assert table["add_up"].shape == (1, 12, 16, 24)
    assert table["answer"].shape == (1, 5, 64, 96)
    assert cost(SEGMENTER).total.parameters == sum(p.numel() for p in build(SEGMENTER).parameters())


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("chosen", [(), (1, 0), (4,), (0, 0)])
def test_maps_that_are_not_there_are_refused(chosen):
    with pytest.raises(ValueError, match=r"maps as some of \(0, 1, 2, 3\), finest first, got \("):
        replace(SEGMENTER, maps=chosen)


def test_an_encoder_for_films_is_refused():
    with pytest.raises(ValueError, match=r"encoder for images, got input_size=\(16, 224, 224\)"):
        replace(SEGMENTER, encoder=video(TINY))


def test_narrow_weights_keep_the_size_of_signals():
    model = nn.Sequential(nn.Linear(12, 400), nn.LayerNorm(400))
    model[0].bias.data.fill_(1)
    initialise(model)
    assert 0.9 < model[0](torch.randn(500, 12)).std() < 1.1
    assert not model[0].bias.any() and not model[1].bias.any()


# --- the judge ----------------------------------------------------------------------------------


def test_overlaps_are_intersections_over_unions():
    guess, truth = torch.randint(4, (2, 3, 9, 5)).unbind(0)
    wanted = [
        ((guess == k) & (truth == k)).sum() / ((guess == k) | (truth == k)).sum() for k in range(4)
    ]
    assert relative_error(overlaps(guess, truth, 4), torch.stack(wanted)) < EXACT
    assert overlaps(truth, truth, 5).isnan().tolist() == [False] * 4 + [True]


def test_the_mean_overlap_does_not_depend_on_the_batch_and_is_1_for_the_truth():
    images, labels = torch.randn(7, 3, 6, 8), torch.randint(5, (7, 6, 8))
    model = pixel_classifier(5)
    found = [mean_overlap(model, images, labels, batch_size=size) for size in (2, 50)]
    assert found[0] == pytest.approx(found[1]) and 0 < found[0] < 1
    labels = labels % 3
    truth = nn.functional.one_hot(labels).movedim(-1, 1).float()
    assert mean_overlap(nn.Identity(), truth, labels) == 1


def test_the_pixel_classifier_sees_no_neighbour():
    images = torch.randn(1, 3, 6, 8)
    changed = images.clone()
    changed[0, :, 2, 3] += 1
    model = pixel_classifier(5)
    assert (model(images) != model(changed)).any(1)[0].nonzero().tolist() == [[2, 3]]
