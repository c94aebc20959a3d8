"""What a Hiera promises: locality, sparsity, any size that tiles, and clear refusals."""

import math
from dataclasses import replace

import pytest
import torch
from measured import cost_of
from shaken import relative_error, shake
from tolerances import EXACT

from perceiver_course.chapters.hierarchy.model import attention_map
from perceiver_tutorial import hiera
from perceiver_tutorial.hiera import HieraConfig, mask_of, random_units
from perceiver_tutorial.hiera.mask_units import reroll, unit_grid
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.zoo import build

pytestmark = pytest.mark.usefixtures("float64")

TINY = HieraConfig(8, 1, (1, 2, 1, 1), input_size=(64, 96), num_classes=5)
VIDEO = replace(
    TINY,
    input_size=(6, 32, 64),
    patch_kernel=(3, 7, 7),
    patch_stride=(2, 4, 4),
    patch_padding=(1, 3, 3),
    pool=(1, 2, 2),
    positions="separate",
)
BOTH = pytest.mark.parametrize("config", [TINY, VIDEO], ids=["image", "video"])
PARAMETERS = {
    "tiny": (27_910_216, 4.90),
    "small": (35_008_072, 6.41),
    "base": (51_524_968, 9.38),
    "base-plus": (69_896_616, 12.64),
    "large": (213_739_912, 40.27),
    "huge": (672_779_752, 124.73),
}


def images(config, batch_size=2):
    return torch.randn_like(config.example_input(batch_size))


def shaken(config):
    return shake(build(config))


# --- published sizes ----------------------------------------------------------------------------


def test_twenty_two_models_are_published():
    assert len(hiera.PUBLISHED) == 22
    for kind in ("224-hf", "in1k-hf", "mae-hf"):
        assert sum(name.endswith(kind) for name in hiera.PUBLISHED) == 6


@pytest.mark.parametrize("size", PARAMETERS)
def test_parameters_and_multiplications_are_the_published_ones(size):
    total = cost_of(f"facebook/hiera-{size}-224-in1k-hf").total
    assert (total.parameters, round(total.flops / 2e9, 2)) == PARAMETERS[size]


@pytest.mark.parametrize(
    "name, parameters, answer",
    [
        ("facebook/hiera-tiny-224-hf", 27_141_216, (1, 768)),
        ("facebook/hiera-tiny-224-mae-hf", 55_020_896, (1, 196, 768)),
        ("facebook/hiera_base_16x224", 51_092_560, (1, 400)),
    ],
)
def test_other_kinds_are_walked_at_published_size(name, parameters, answer):
    table = walk(name)
    assert (table.parameters, table["answer"].shape) == (parameters, answer)
    assert all(len(s.axes) == len(s.sizes) for stage in table.steps for s in stage.outputs)


def test_the_sparse_encoder_of_the_published_pretraining_keeps_19_of_49_units():
    table = walk("facebook/hiera-tiny-224-mae-hf")
    assert table["encoder.stages.0.0"].shape == (1, 19 * 64, 96)
    assert table["fuse"].shape == (1, 19, 2, 2, 768)


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'facebook/hiera-tiny-224-hf'"):
        hiera.build("facebook/hiera-tiny-224")
    with pytest.raises(ValueError, match=r"Did you mean 'facebook/hiera-huge-224-mae-hf'"):
        walk("facebook/hiera-huge-224-mae")


# --- locality -----------------------------------------------------------------------------------


@BOTH
def test_one_pixel_stays_in_its_mask_unit_while_attention_is_local(config):
    local = replace(config, mask_unit_attention=(True,) * 4)
    model, raw = shaken(local), images(local)
    changed = raw.clone()
    changed[0, ..., 13, 60] += 1
    before, after = (model.feature_maps(one) for one in (raw, changed))
    for stage, (old, new) in enumerate(zip(before, after, strict=True)):
        differs = (old != new).any(1).nonzero()
        side = 8 // 2 ** min(stage, 3)
        assert len(differs) and not differs[:, 0].any()
        assert (differs[:, -2] // side == 13 // 32).all()
        assert (differs[:, -1] // side == 60 // 32).all()


def test_global_attention_carries_it_everywhere():
    model, raw = shaken(TINY), images(TINY)
    changed = raw.clone()
    changed[0, :, 45, 60] += 1
    *_, old = model.feature_maps(raw)
    *_, new = model.feature_maps(changed)
    assert (old[0] != new[0]).any(0).all() and torch.equal(old[1], new[1])


def test_the_first_block_of_a_stage_still_attends_as_the_stage_before():
    windows = [[b.attention.unit_tokens for b in stage] for stage in build(TINY).encoder.stages]
    assert windows == [[64], [64, 16], [16], [None]]


@BOTH
def test_samples_do_not_see_each_other(config):
    model, raw = shaken(config), images(config, 3)
    with torch.no_grad():
        assert relative_error(model(raw)[1:2], model(raw[1:2])) < EXACT


# --- any size that tiles ------------------------------------------------------------------------


@pytest.mark.parametrize("positions", ["table", "windowed"])
def test_a_model_takes_other_sizes(positions):
    model = shaken(replace(TINY, positions=positions))
    larger = torch.randn(2, 3, 96, 160)
    assert model(larger).shape == (2, 5)
    assert [m.shape[2:] for m in model.feature_maps(larger)] == [
        (24, 40), (12, 20), (6, 10), (3, 5),
    ]  # fmt: skip


def test_a_video_of_other_length_and_size():
    assert shaken(VIDEO)(torch.randn(1, 4, 3, 64, 32)).shape == (1, 5)


def test_windowed_positions_repeat_inside_every_unit_at_any_size():
    where = shaken(replace(TINY, positions="windowed")).encoder.positions
    where.coarse.data.zero_()
    picture = where((24, 16))[0].unflatten(0, (3, 8, 2, 8))
    assert torch.equal(picture[0, :, 0], picture[2, :, 1])
    assert torch.equal(picture[1, :, 1].flatten(0, 1), where.inside)


def test_separate_positions_are_sums():
    where = shaken(VIDEO).encoder.positions
    rows = where((3, 8, 16))[0].unflatten(0, (3, 8, 16))
    wanted = where.times.table[0, 2] + where.places.table[0, 5 * 16 + 7]
    assert torch.equal(rows[2, 5, 7], wanted)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"input_size": (60, 96)}, "mask units of 32 x 32 pixels tile, got 60 x 96 pixels"),
        ({"patch_stride": (2, 4, 4)}, "expected patch_stride with 2 numbers"),
        ({"mask_unit_attention": (True,)}, "one choice for each of 4 stages"),
        ({"num_pools": 4}, "num_pools from 0 to 3"),
        ({"stages": (1, 0, 1, 1)}, r"expected stages of at least 1, got \(1, 0, 1, 1\)"),
        (
            {"patch_padding": (3, 0)},
            r"one patch for every .*got \(3, 0\) with patch_kernel=\(7, 7\)",
        ),
    ],
)
def test_sizes_that_do_not_go_together_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(TINY, **change)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"num_heads": 3}, "does not split over num_heads=3"),
        ({"positions": "separate"}, "positions='separate' for a video"),
        ({"drop_path": 1.0}, "from 0 to below 1, got 1.0"),
    ],
)
def test_models_that_cannot_be_built_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        build(replace(TINY, **change))


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    "raw, words",
    [
        (torch.zeros(1, 64, 96, 3), r"got \[1, 64, 96, 3\]. .*'b h w c -> b c h w'"),
        (torch.zeros(3, 64, 96), r"expected images \[batch, 3, height, width\]"),
        (torch.zeros(1, 3, 64, 96, dtype=torch.uint8), r"got uint8 numbers\. Measured values are"),
        (torch.zeros(1, 3, 70, 96), "Resize or crop it, e.g. to 64 x 96"),
    ],
)
def test_images_that_do_not_fit_are_refused(raw, words):
    for use in (build(TINY), build(TINY).feature_maps):
        with pytest.raises(ValueError, match=words):
            use(raw)


# --- sparsity -----------------------------------------------------------------------------------


@BOTH
def test_the_sparse_encoder_is_the_dense_one_on_the_kept_units(config):
    local = replace(config, mask_unit_attention=(True,) * 4)
    encoder, raw = shaken(local).encoder, images(local)
    kept = random_units(2, local.units, mask_ratio=0.5)
    unseen = ~mask_of(kept, local.units).unflatten(1, local.units)
    for axis, pixels in enumerate(local.unit_pixels, 1):
        unseen = unseen.repeat_interleave(pixels, axis)
    dense = encoder(raw.masked_fill(unseen.unsqueeze(-3), 0.0))
    for sparse, all_tokens in zip(encoder(raw, kept), dense, strict=True):
        by_unit = all_tokens.unflatten(1, (-1, math.prod(local.units)))
        wanted = torch.stack([by_unit[b][:, kept[b]] for b in range(2)]).flatten(1, 2)
        assert relative_error(sparse, wanted) < EXACT


@BOTH
def test_hidden_pixels_never_change_the_encoding(config):
    encoder, raw = shaken(config).encoder, images(config)
    kept = random_units(2, config.units, mask_ratio=0.5)
    hidden = ~mask_of(kept, config.units).unflatten(1, config.units)
    for axis, pixels in enumerate(config.unit_pixels, 1):
        hidden = hidden.repeat_interleave(pixels, axis)
    other = torch.where(hidden.unsqueeze(-3), torch.randn_like(raw), raw)
    assert not torch.equal(raw, other)
    assert all(
        torch.equal(a, b) for a, b in zip(encoder(raw, kept), encoder(other, kept), strict=True)
    )


# --- attention maps -----------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("block", range(5))
def test_an_attention_map_is_the_attention_on_the_picture(config, block):
    model, raw = shaken(config), images(config, 1)
    stage = [0, 1, 1, 2, 3][block]
    place = tuple(side - 1 for side in config.grid_after(stage, config.grid))
    found = attention_map(model, raw, block, place)
    before = [0, 0, 1, 1, 2][block]
    assert found.shape[2:] == config.grid_after(before, config.grid)
    shares = found.flatten(2).sum(-1)
    assert relative_error(shares, torch.ones_like(shares)) < EXACT
    is_local = block < 4
    share = math.prod(config.units) if is_local else 1
    assert (found > 0).sum() == found.numel() // share
    assert relative_error(found[0], by_hand(model, raw, block, before, place)) < EXACT


def by_hand(model, raw, block, before, place):
    """One row of attention, computed on the grid, for a token that may be pooled."""
    config, blocks = model.config, [b for stage in model.encoder.stages for b in stage]
    tokens = model.encoder.embed(raw)
    for earlier in blocks[:block]:
        tokens = earlier(tokens)
    looking, grid = blocks[block], config.grid_after(before, config.grid)
    queries, keys, _ = looking.attention.qkv(looking.norm_q(tokens)).chunk(3, -1)
    pools, heads = config.pools_after(before), looking.attention.num_heads
    queries, keys = (
        reroll(part, grid, pools)[0].unflatten(-1, (heads, -1)) for part in (queries, keys)
    )
    if looking.pool > 1:
        for axis, step in enumerate(config.pool):
            queries = queries.unflatten(axis, (-1, step)).amax(axis + 1)
    scores = torch.einsum("hc,...hc->h...", queries[place], keys) / keys.shape[-1] ** 0.5
    if looking.attention.unit_tokens:
        unit = unit_grid(pools, len(grid))
        for axis, side in enumerate(unit):
            now = place[axis] * (config.pool[axis] if looking.pool > 1 else 1)
            far = torch.arange(grid[axis]) // side != now // side
            scores = scores.movedim(axis + 1, -1).masked_fill(far, -torch.inf).movedim(-1, axis + 1)
    return scores.flatten(1).softmax(-1).view_as(scores)


def test_an_attention_map_is_of_a_token_that_is_there():
    model, raw = shaken(TINY), images(TINY, 1)
    with pytest.raises(ValueError, match="a block from 0 to 4, got 5"):
        attention_map(model, raw, 5, (0, 0))
    with pytest.raises(ValueError, match=r"on the grid of 2 x 3 tokens.*got \(2, 0\)"):
        attention_map(model, raw, 4, (2, 0))
