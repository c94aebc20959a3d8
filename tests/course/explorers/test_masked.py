"""What the explorer of masked pre-training shows is what the model makes of what it sees."""

import re
from itertools import pairwise

import pytest
import torch
from pixels import same_picture

from perceiver_course.explorers.masked import (
    KNOBS,
    UNITS,
    draw,
    held_out,
    kept,
    masked,
    model,
    predicted,
    scale_of,
    usual,
)
from perceiver_course.kit.recipes.digits_hiera import PRETRAINING, enlarged_digits
from perceiver_tutorial.hiera.targets import from_patches, patches

NONE = ((False,) * UNITS[1],) * UNITS[0]
EVERY = ((True,) * UNITS[1],) * UNITS[0]
SOME = [(5, "scattered", 0.6, 0), (8, "in a block", 0.3, 3), (21, "scattered", 0.95, 7)]
some_masks = pytest.mark.parametrize("digit, way, ratio, seed", SOME)


def told(alt):
    """The errors that a picture tells."""
    found = re.findall(r"(network|brightness alone|mean digit), error ([\d.]+)[;.]", alt)
    return {title: float(error.rstrip(".")) for title, error in found}


def error_by_loops(made, truth, mask):
    """Mean squared error over hidden pixels, one by one."""
    made, truth, errors = made.tolist(), truth.tolist(), []
    for y in range(32):
        for x in range(32):
            if not mask[0, y // 8 * 4 + x // 8]:
                errors += [(made[c][y][x] - truth[c][y][x]) ** 2 for c in range(3)]
    return sum(errors) / len(errors)


@some_masks
def test_the_errors_are_those_of_plain_loops(digit, way, ratio, seed):
    image, mask = held_out()[digit][None], kept(way, ratio, seed, NONE)
    rebuilt = model().reconstruct(image, mask)
    errors = told(draw(digit, way, ratio, seed, NONE, True).alt)
    assert errors["network"] == pytest.approx(
        error_by_loops(rebuilt.pictures[0], image[0], mask), abs=0.0051
    )
    mean_digit = enlarged_digits().train_images.mean(0)
    assert errors["mean digit"] == pytest.approx(
        error_by_loops(mean_digit, image[0], mask), abs=0.0051
    )
    seen_instead = error_by_loops(rebuilt.predicted[0], image[0], ~mask)
    assert errors["network"] != pytest.approx(seen_instead, abs=0.0051)


@some_masks
def test_borrowing_shows_the_models_own_reconstruction(digit, way, ratio, seed):
    image, mask = held_out()[digit][None], kept(way, ratio, seed, NONE)
    brightness, contrast = scale_of(image, mask, borrows=True)
    answer = predicted(image, mask) * contrast + brightness
    rebuilt = model().reconstruct(image, mask)
    assert torch.equal(from_patches(answer, PRETRAINING.encoder), rebuilt.predicted)


@some_masks
def test_hidden_pixels_change_nothing_unless_something_is_borrowed(digit, way, ratio, seed):
    image, mask = held_out()[digit][None], kept(way, ratio, seed, NONE)
    hidden = ~mask.view(1, 1, *UNITS).repeat_interleave(8, 2).repeat_interleave(8, 3)
    other = torch.where(hidden, torch.randn(image.shape), image)
    assert torch.equal(predicted(image, mask), predicted(other, mask))
    for borrows in (False, True):
        one, two = (torch.cat(scale_of(some, mask, borrows)) for some in (image, other))
        assert torch.equal(one, two) == (not borrows)
    changed = torch.where(hidden, image, image + 1)
    assert not torch.equal(predicted(image, mask), predicted(changed, mask))


@some_masks
def test_a_mask_by_hand_is_as_good_as_a_random_one(digit, way, ratio, seed):
    mask = kept(way, ratio, seed, NONE)
    by_hand = tuple(map(tuple, (~mask).view(UNITS).tolist()))
    assert torch.equal(kept("scattered", 0.0, 0, by_hand), mask)
    one = draw(digit, way, ratio, seed, NONE, True)
    assert same_picture(draw(digit, "scattered", 0.0, 0, by_hand, True).png, one.png)
    assert not same_picture(draw(digit, "scattered", 0.0, 0, NONE, True).png, one.png)


def test_turning_over_everything_hides_what_was_seen():
    mask = kept("scattered", 0.6, 0, NONE)
    assert torch.equal(kept("scattered", 0.6, 0, EVERY), ~mask)
    assert int(mask.sum()) == 6


def test_more_is_hidden_of_the_same_units_as_the_share_grows():
    masks = [kept("scattered", ratio, 4, NONE) for ratio in (0.0, 0.3, 0.6, 0.9)]
    assert [int(mask.sum()) for mask in masks] == [16, 11, 6, 1]
    assert all((few <= many).all() for many, few in pairwise(masks))


def test_a_block_is_harder_than_scattered_units_on_average():
    """The hint asks for it, so it should not be luck."""
    errors = {}
    for way in ("scattered", "in a block"):
        mask = torch.cat([kept(way, 0.6, seed, NONE) for seed in range(10)])
        images = held_out()[:20].repeat_interleave(10, 0)
        rebuilt = model().reconstruct(images, mask.repeat(20, 1))
        errors[way] = (rebuilt.pictures - images).square().mean()
    assert errors["in a block"] > 1.2 * errors["scattered"]


def test_what_is_usual_comes_from_training_digits_alone():
    mean_digit, (brightness, contrast) = usual()
    seen = patches(enlarged_digits().train_images, PRETRAINING.encoder)
    assert torch.allclose(mean_digit[0, 5], sum(one[5] for one in seen) / len(seen), atol=1e-4)
    by_hand = sum(float(one[5].mean()) for one in seen) / len(seen)
    assert float(brightness[0, 5, 0]) == pytest.approx(by_hand, abs=1e-4)
    by_hand = sum(float((one[5].var() + 1e-6).sqrt()) for one in seen) / len(seen)
    assert float(contrast[0, 5, 0]) == pytest.approx(by_hand, abs=1e-4)


def test_seen_units_are_never_drawn_with_numbers_of_other_digits():
    image, mask = held_out()[5][None], kept("scattered", 0.6, 0, NONE)
    own, mixed = (torch.stack(scale_of(image, mask, borrows)) for borrows in (True, False))
    assert torch.equal(own[:, mask], mixed[:, mask])
    assert not torch.isclose(own[:, ~mask], mixed[:, ~mask]).any()


def test_digits_are_held_out_and_named_rightly():
    digits = enlarged_digits()
    for number, image in enumerate(held_out()):
        (same,) = (digits.test_images == image).flatten(1).all(1).nonzero()[:1, 0].tolist()
        assert int(digits.test_labels[same]) == number % 10
    assert len({tuple(image.flatten().tolist()) for image in held_out()}) == len(held_out())
    assert len(held_out()) == KNOBS["digit"].high + 1


def test_where_everything_is_hidden_there_is_no_answer_and_a_sentence_says_so():
    alt = draw(5, "scattered", 0.0, 0, EVERY, True).alt
    assert "A 5 with 16 of 16 mask units hidden. No token enters the encoder" in alt
    assert "network, no answer; brightness alone, error 0.22" in alt


def test_where_nothing_is_hidden_nothing_is_judged_and_a_sentence_says_so():
    alt = draw(5, "scattered", 0.0, 0, NONE, True).alt
    assert "0 of 16 mask units hidden. The loss would refuse." in alt
    assert "network, nothing hidden" in alt and told(alt) == {}
    with pytest.raises(ValueError, match="at least one hidden mask unit"):
        model().loss(held_out()[5][None], kept("scattered", 0.0, 0, NONE))


def test_seen_units_are_answered_with_noise():
    """The sentence says so: they are further from the truth than any baseline."""
    image, mask = held_out()[:10], torch.ones(10, 16, dtype=torch.bool)
    rebuilt = model().reconstruct(image, mask)
    error = (rebuilt.predicted - image).square().mean()
    assert error > 2 * (rebuilt.pictures - image).square().mean() and error > 0.05


def test_without_borrowing_it_is_harder():
    explorer = masked()
    borrowed = told(explorer.picture.alt)["network"]
    explorer.turn(borrows=False)
    assert "Nothing borrowed" in explorer.picture.alt
    assert told(explorer.picture.alt)["network"] > borrowed
