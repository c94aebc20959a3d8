"""MixUp and CutMix: labels follow the pixels exactly, and nothing is lost or made up."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from perceiver_course.kit.augment import beta, binary_loss, cutmix, mixed, mixup, soft_labels


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def batch():
    """Four pictures, each of one colour of its own, and labels 0 to 3 of five classes."""
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 3, 6, 10)
    return images, soft_labels(torch.arange(4), 5)


def test_a_smoothed_label_keeps_its_mass():
    labels = soft_labels(torch.tensor([2, 0]), 4, smoothing=0.2)
    assert torch.allclose(labels.sum(-1), torch.ones(2))
    assert labels.argmax(-1).tolist() == [2, 0] and torch.isclose(labels[0, 2], torch.tensor(0.85))
    assert soft_labels(torch.tensor([2]), 4).tolist() == [[0, 0, 1, 0]]


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_mixup_lays_the_last_picture_over_the_first(batch, share):
    images, labels = mixup(*batch, share)
    assert torch.allclose(images[0], torch.full_like(images[0], 3 * (1 - share)))
    assert torch.allclose(labels[0], torch.tensor([share, 0, 0, 1 - share, 0]))
    assert torch.allclose(labels.sum(-1), torch.ones(4))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.77, 1.0])
def test_the_label_of_a_pasted_picture_is_the_share_of_its_pixels(batch, share, generator):
    images, labels = cutmix(*batch, share, generator)
    assert torch.allclose(labels.sum(-1), torch.ones(4))
    for number in range(4):
        partner = 3 - number
        own = (images[number] == number).float().mean()
        assert torch.isclose(labels[number, number], own)
        assert torch.isclose(labels[number, partner], 1 - own)
    assert abs(labels[0, 0].item() - share) < 0.15


def test_what_is_pasted_is_one_rectangle_with_the_proportions_of_the_picture(batch, generator):
    images, _ = cutmix(*batch, 0.6, generator)
    rows, columns = (images[0, 0] == 3).nonzero().T
    tall, wide = (int(x.max() - x.min()) + 1 for x in (rows, columns))
    assert len(rows) == tall * wide and (tall, wide) == (4, 6)


def test_a_patch_may_lie_anywhere(batch, generator):
    tops = {cutmix(*batch, 0.9, generator)[0][0, 0].nonzero()[0].tolist().__repr__()
            for _ in range(200)}  # fmt: skip
    assert len(tops) == 5 * 8  # a patch of 2 x 3 in 6 x 10 pixels


def test_the_pictures_that_come_in_stay_as_they_are(batch, generator):
    before = [part.clone() for part in batch]
    cutmix(*batch, 0.5, generator)
    mixup(*batch, 0.5)
    assert all(torch.equal(a, b) for a, b in zip(before, batch, strict=True))


def test_a_coin_decides_between_the_two_and_the_generator_decides_all(batch):
    def some(seed):
        generator = torch.Generator().manual_seed(seed)
        return [mixed(*batch, generator)[0] for _ in range(40)]

    was_pasted = [bool((images[0] == images[0].round()).all()) for images in some(0)]
    assert 10 < sum(was_pasted) < 30
    assert all(torch.equal(a, b) for a, b in zip(some(0), some(0), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(some(0), some(1), strict=True))


@pytest.mark.parametrize("alpha, spread", [(0.8, 0.31), (8.0, 0.12)])
def test_the_share_is_one_half_on_average_and_alpha_says_how_far_from_it(alpha, spread, generator):
    shares = torch.tensor([beta(alpha, generator) for _ in range(2000)])
    assert shares.min() >= 0 and shares.max() <= 1
    assert abs(shares.mean() - 0.5) < 0.03
    assert abs(shares.std() - spread) < 0.02  # sqrt(1 / (4 (2 alpha + 1)))


def test_an_alpha_of_zero_draws_nothing(generator):
    with pytest.raises(ValueError, match=r"expected alpha above 0, got 0.0. At 1 all shares"):
        beta(0.0, generator)


def test_the_binary_loss_asks_for_both_classes_in_full():
    logits = torch.randn(2, 3)
    labels = torch.tensor([[0.9, 0.1, 0.0], [0.0, 0.0, 1.0]])
    terms = [
        -logsigmoid(logits[b, c] if labels[b, c] > 0 else -logits[b, c])
        for b in range(2)
        for c in range(3)
    ]
    assert torch.isclose(binary_loss(logits, labels), sum(terms) / 6)


def test_smoothed_labels_would_be_a_yes_to_every_class():
    labels = soft_labels(torch.tensor([1]), 3, smoothing=0.1)
    with pytest.raises(ValueError, match=r"a share of every one. Do not smooth them"):
        binary_loss(torch.zeros(1, 3), labels)


@pytest.mark.parametrize("score, is_there, loss", [
    (math.inf, True, 0.0), (-math.inf, False, 0.0), (math.inf, False, math.inf),
    (-math.inf, True, math.inf),
])  # fmt: skip
def test_the_binary_loss_of_an_endless_score_is_nothing_or_endless(score, is_there, loss):
    logits = torch.tensor([[score, -math.inf]])
    value = binary_loss(logits, torch.tensor([[float(is_there), 0.0]]))
    assert value.item() == loss
