"""Pieces for few labels: other views of a picture, several of each, slow copies, a convnet."""

import copy
import itertools

import pytest
import torch
from torch import nn

from perceiver_course.chapters.distillation.model import moving_average
from perceiver_course.kit import samples
from perceiver_course.kit.augment import jitter
from perceiver_course.kit.rivals import ConvNetConfig, small_cnn
from perceiver_course.kit.training import batches, fit, repeated
from perceiver_tutorial.perceiver.config import ConvPoolStem
from perceiver_tutorial.perceiver.preprocessors import ConvPreprocessor
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.zoo import build

STILL = {"turn": 0.0, "zoom": 0.0, "shift": 0.0}


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def blob(size):
    """A bright square of 4 x 4 in the middle."""
    images = torch.zeros(64, 1, size, size)
    images[..., size // 2 - 2 : size // 2 + 2, size // 2 - 2 : size // 2 + 2] = 1
    return images


def centres(images):
    """Mean row and column of the ink, from the middle, in pixels."""
    places = torch.arange(images.shape[-1]) - (images.shape[-1] - 1) / 2
    ink = images.sum((1, 2, 3))
    return tuple((images.sum((1, axis)) * places).sum(-1) / ink for axis in (3, 2))


def test_without_amounts_nothing_moves(generator):
    images = torch.rand(3, 2, 8, 6)
    assert torch.allclose(jitter(images, generator, **STILL), images, atol=1e-5)


def test_shifts_go_as_far_as_was_said_along_both_axes_and_no_farther(generator):
    moved = jitter(blob(20), generator, **{**STILL, "shift": 0.3})
    for along in centres(moved):
        assert 2.0 < along.abs().max() <= 3.0  # 0.3 of half of 20
        assert along.min() < -1 and along.max() > 1


def test_zoom_changes_the_ink_and_turning_does_not(generator):
    zoomed = jitter(blob(20), generator, **{**STILL, "zoom": 0.3}).sum((1, 2, 3))
    turned = jitter(blob(20), generator, **{**STILL, "turn": 40.0}).sum((1, 2, 3))
    assert zoomed.max() > 1.5 * zoomed.min()
    assert (turned / 16 - 1).abs().max() < 0.05


def test_a_turn_by_a_quarter_is_a_rotation_and_no_mirror_image(generator, monkeypatch):
    images = torch.rand(1, 1, 6, 6)
    monkeypatch.setattr(torch, "rand", lambda *size, **_: torch.ones(*size))
    turned = jitter(images, generator, **{**STILL, "turn": 90.0})
    assert torch.allclose(turned, images.rot90(1, (2, 3)), atol=1e-4)


def test_every_image_has_its_own_amounts_and_the_generator_decides_them():
    images = blob(12)[:2]
    first, again = (jitter(images, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again) and not torch.allclose(first[0], first[1], atol=0.1)


def test_a_sample_comes_several_times_in_one_batch_and_none_is_lost():
    source = repeated(batches(torch.arange(7), batch_size=3, seed=0), times=3)
    epoch = [next(source)[0] for _ in range(3)]
    assert [len(batch) for batch in epoch] == [9, 9, 3]
    assert sorted(torch.cat(epoch).tolist()) == sorted(3 * list(range(7)))
    assert all(len(batch.unique()) == len(batch) // 3 for batch in epoch)


def test_repeating_less_than_once_is_refused():
    with pytest.raises(ValueError, match=r"expected times of at least 1, got 0. 1 repeats nothing"):
        repeated(iter([]), times=0)


def test_a_moving_average_is_what_the_formula_says():
    model = nn.Linear(2, 1)
    average = moving_average(model, decay=0.9)
    seen = []

    def loss(model, x):
        seen.append(copy.deepcopy(model.weight.detach()))
        return model(x).square().mean()

    fit(model, loss, itertools.repeat((torch.randn(4, 2),)), steps=4, average=average)
    want = seen[1]  # after the first step it is a copy
    for weight in [*seen[2:], model.weight.detach()]:
        want = 0.9 * want + 0.1 * weight
    assert torch.allclose(average.module.weight, want)
    assert not torch.allclose(average.module.weight, model.weight)
    assert not average.module.training


def test_statistics_of_batch_norms_are_averaged_like_weights():
    model = small_cnn(width=4, batch_norm=True).double()
    average = moving_average(model, decay=0.9)
    seen = []

    def loss(model, x):
        seen.append(copy.deepcopy(model.state_dict()))
        return model(x).square().mean()

    pictures = batches(torch.rand(12, 1, 8, 8).double(), batch_size=4)
    fit(model, loss, pictures, steps=4, average=average)
    got = average.module.state_dict()
    for name in (n for n, value in got.items() if value.is_floating_point()):
        want = seen[1][name]  # after the first step it is a copy
        for state in (*seen[2:], model.state_dict()):
            want = 0.9 * want + 0.1 * state[name]
        torch.testing.assert_close(got[name], want, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("model", [
    small_cnn(image_channels=3, batch_norm=True), ConvPreprocessor((16, 16), ConvPoolStem(4)),
], ids=lambda model: type(model).__name__)  # fmt: skip
def test_batch_norms_keep_nine_tenths_of_their_statistics(model):
    model.double()
    norm = next(m for m in model.modules() if isinstance(m, nn.BatchNorm2d))
    met = []
    norm.register_forward_hook(lambda _module, args, _answer: met.append(args[0].mean((0, 2, 3))))
    for _ in range(2):
        model(torch.rand(3, 3, 16, 16).double())
    want = 0.9 * (0.1 * met[0]) + 0.1 * met[1]
    torch.testing.assert_close(norm.running_mean, want, rtol=1e-11, atol=1e-11)
    pictures = torch.rand(3, 3, 16, 16).double()
    alone, together = model.eval()(pictures[:1]), model(pictures)[:1]
    torch.testing.assert_close(alone, together, rtol=1e-11, atol=1e-11)


def test_without_memory_the_average_is_the_model_batch_norm_included():
    model = build(ConvNetConfig(width=4))
    average = moving_average(model, decay=0.0)
    images = torch.rand(4, 3, 8, 8)
    fit(model, lambda model, x: model(x).square().mean(), itertools.repeat((images,)), steps=3,
        average=average)  # fmt: skip
    assert torch.allclose(average(images), model(images), atol=1e-6)


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_a_decay_that_forgets_nothing_or_less_is_refused(decay):
    with pytest.raises(ValueError, match=rf"decay from 0 to below 1, got {decay}. For n steps"):
        moving_average(nn.Linear(1, 1), decay)


def test_a_convnet_is_walked_like_any_model_and_takes_pictures_of_other_sizes():
    config = ConvNetConfig(width=5, num_classes=7)
    assert walk(config)["answer"].shape == (1, 7)
    assert build(config)(torch.zeros(2, 3, 12, 10)).shape == (2, 7)


def test_without_batch_norm_a_convnet_is_the_small_cnn_of_the_course():
    config = ConvNetConfig(image_channels=1, batch_norm=False)
    count = sum(p.numel() for p in build(config).parameters())
    assert count == sum(p.numel() for p in small_cnn().parameters()) == 28_714
    norms = [m for m in build(ConvNetConfig()) if isinstance(m, nn.BatchNorm2d)]
    assert [norm.num_features for norm in norms] == [32, 32, 64]


def test_few_digits_leave_all_others_for_testing():
    few = samples.few_digits(50, seed=3)
    assert len(few.train_images) == 50 and len(few.test_images) == 1747
    assert few.train_labels.bincount().min() >= 4
    assert not torch.equal(few.train_images, samples.few_digits(50, seed=4).train_images)
    assert torch.equal(few.train_images, samples.few_digits(50, seed=3).train_images)
