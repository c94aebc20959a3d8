"""Masked pre-training: masks, targets, loss and pictures, for images and videos."""

from dataclasses import replace

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT

from perceiver_tutorial.hiera import (
    HieraMAEConfig,
    block_units,
    mask_of,
    random_units,
    tube_units,
)
from perceiver_tutorial.hiera.targets import from_patches, patches
from perceiver_tutorial.zoo import build
from tests.hiera.test_model import BOTH, TINY, VIDEO, images

pytestmark = pytest.mark.usefixtures("float64")


def mae(config, **options):
    sizes = {"decoder_channels": 12, "decoder_depth": 1, "decoder_heads": 2}
    encoder = replace(config, num_pools=2)
    return shake(build(HieraMAEConfig(encoder, **{**sizes, **options})))


@BOTH
def test_patches_and_back(config):
    raw = images(config)
    again = from_patches(patches(raw, config), config)
    assert torch.equal(again, raw if raw.ndim == 4 else raw[:, ::2])


def test_the_order_of_a_patch_written_out():
    raw = images(TINY, 1)
    side = 32
    wanted = [raw[0, c, side + y, x] for c in range(3) for y in range(side) for x in range(side)]
    assert torch.equal(patches(raw, TINY)[0, 3], torch.stack(wanted))


@BOTH
@pytest.mark.parametrize("normalise", [True, False])
def test_the_loss_written_out(config, normalise):
    model, raw = mae(config, normalise_targets=normalise), images(config)
    kept = random_units(2, config.units, 0.5)
    mask = mask_of(kept, config.units)
    predicted, errors = model(raw, mask), []
    wanted = patches(raw, model.config.encoder)
    for sample in range(2):
        for token in range(wanted.shape[1]):
            if not model.seen_tokens(kept)[sample, token]:
                pixels = wanted[sample, token]
                if normalise:
                    pixels = (pixels - pixels.mean()) / (pixels.var() + 1e-6) ** 0.5
                errors += [(predicted[sample, token] - pixels) ** 2]
    assert relative_error(model.loss(raw, mask), torch.cat(errors).mean()) < EXACT


@BOTH
def test_hidden_pixels_do_not_change_the_prediction_and_seen_ones_do_not_count(config):
    model, raw = mae(config), images(config)
    mask = mask_of(random_units(2, config.units, 0.5), config.units)
    seen = model.reconstruct(raw, mask).seen
    seen = seen if raw.ndim == 4 else seen.repeat_interleave(2, 1)
    other = torch.where(seen, raw, torch.randn_like(raw))
    assert torch.equal(model(raw, mask), model(other, mask))


@BOTH
def test_every_parameter_learns(config):
    model, raw = mae(config), images(config)
    model.loss(raw).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@BOTH
def test_reconstructions_are_pictures_and_say_what_they_borrowed(config):
    model, raw = mae(config), images(config)
    mask = mask_of(random_units(2, config.units, 0.5), config.units)
    first = raw if raw.ndim == 4 else raw[:, ::2]
    found = model.reconstruct(raw, mask)
    assert found.pictures.shape == found.predicted.shape == found.seen.shape == first.shape
    assert torch.equal(found.pictures[found.seen], first[found.seen])
    assert torch.equal(found.pictures[~found.seen], found.predicted[~found.seen])
    assert "mean and standard deviation" in found.borrowed
    assert found.seen.float().mean() == pytest.approx(mask.float().mean())
    assert mae(config, normalise_targets=False).reconstruct(raw, mask).borrowed == "nothing"


def test_a_perfect_prediction_reconstructs_the_picture():
    model, raw = mae(TINY), images(TINY)
    wanted = patches(raw, model.config.encoder)
    mean, deviation = wanted.mean(-1, keepdim=True), (wanted.var(-1, keepdim=True) + 1e-6).sqrt()
    model.predict = lambda *_: (wanted - mean) / deviation
    assert relative_error(model.reconstruct(raw).predicted, raw) < EXACT


def test_half_precision():
    model, raw = mae(TINY).bfloat16(), images(TINY).bfloat16()
    assert model(raw).dtype == torch.bfloat16
    assert model.loss(raw).isfinite()
    assert model.reconstruct(raw).pictures.dtype == torch.bfloat16


def test_in_mixed_precision_everything_still_learns():
    model, raw = mae(TINY).float(), images(TINY).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model.loss(raw)
    loss.backward()
    assert loss.dtype == torch.float32 and model.decoder.mask_token.grad.abs().sum() > 0


@BOTH
def test_images_of_another_size_are_refused(config):
    model = mae(config)
    other = images(replace(config, input_size=(*config.input_size[:-1], 32)))
    for use in (model, model.loss, model.reconstruct):
        with pytest.raises(
            ValueError, match=r"for which the decoder was made, got .*32\)\. Resize"
        ):
            use(other)


def test_a_loss_needs_something_hidden():
    with pytest.raises(ValueError, match="at least one hidden mask unit, got 6 kept of as many"):
        mae(TINY).loss(images(TINY), torch.ones(2, 6, dtype=torch.bool))
    assert mae(TINY, mask_ratio=0.0)(images(TINY)).shape == (2, 24, 768)


def test_frames_are_not_pooled_in_a_pretraining():
    pooled = replace(VIDEO, pool=(2, 2, 2), input_size=(16, 32, 64))
    with pytest.raises(ValueError, match=r"does not pool frames.* got pool=\(2, 2, 2\)"):
        mae(pooled)


# --- masks --------------------------------------------------------------------------------------


def test_random_units_follow_their_generator_and_are_spread_evenly():
    draw = [random_units(4, (3, 5), 0.6, torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(draw[0], draw[1]) and not torch.equal(draw[0], draw[2])
    often = mask_of(random_units(3000, (3, 5), 0.6), (3, 5)).float().mean(0)
    assert (often - 6 / 15).abs().max() < 0.04


def test_a_block_is_one_piece():
    hidden = ~mask_of(block_units(20, (8, 8), 0.25), (8, 8)).view(20, 8, 8)
    for one in hidden:
        rows, columns = one.any(1).nonzero(), one.any(0).nonzero()
        height, width = (int(n.max() - n.min()) + 1 for n in (rows, columns))
        assert one.sum() == 16 and height <= 8 and height * width <= 36


def test_a_tube_hides_the_same_places_at_all_times():
    mask = mask_of(tube_units(3, (4, 3, 5), 0.6), (4, 3, 5)).view(3, 4, 15)
    assert (mask == mask[:, :1]).all() and mask.sum() == 3 * 4 * 6


@pytest.mark.parametrize("draw", [random_units, block_units, tube_units])
def test_everything_cannot_be_hidden(draw):
    with pytest.raises(ValueError, match=r"mask_ratio from 0 to below 1, got 1\.0"):
        draw(2, (2, 3, 4), 1.0)
    assert draw(2, (1, 1, 2), 0.99).shape[1] >= 1


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    "mask, words",
    [
        (torch.ones(2, 6), r"expected mask as \[2, 6\] of True and False.*torch.float32"),
        (torch.ones(2, 5, dtype=torch.bool), r"got \[2, 5\]"),
        (torch.tensor([[True] * 3 + [False] * 3, [True] * 6]), r"equally many.*got \[3, 6\]"),
        (torch.zeros(2, 6, dtype=torch.bool), r"at least one, got \[0, 0\]"),
    ],
)
def test_masks_that_do_not_fit_are_refused(mask, words):
    with pytest.raises(ValueError, match=words):
        mae(TINY).loss(images(TINY), mask)
