"""What a DeiT promises: two tokens, two heads, any size, DeiT III's options, clear refusals."""

import math
from dataclasses import replace

import pytest
import torch
from measured import cost_of
from shaken import relative_error, shake
from tolerances import EXACT
from torch.nn.functional import interpolate, unfold

from perceiver_tutorial import deit
from perceiver_tutorial.attention import SelfAttentionLayer
from perceiver_tutorial.deit import DeiTConfig, DeiTMaskedImageConfig, DeiTOutput
from perceiver_tutorial.tracing import walk
from perceiver_tutorial.zoo import build

pytestmark = pytest.mark.usefixtures("float64")

TINY = DeiTConfig(
    channels=24, num_heads=3, depth=3, image_size=(24, 40), patch_size=8, num_classes=5
)
PLAIN = replace(TINY, distilled=False)
MASKED = DeiTMaskedImageConfig(TINY)
BOTH = pytest.mark.parametrize("config", [TINY, PLAIN], ids=["distilled", "plain"])
PARAMETERS = {
    "tiny-patch16-224": (5_717_416, 1.254),
    "small-patch16-224": (22_050_664, 4.599),
    "base-patch16-224": (86_567_656, 17.564),
    "base-patch16-384": (86_859_496, 55.484),
    "tiny-distilled-patch16-224": (5_910_800, 1.261),
    "small-distilled-patch16-224": (22_436_432, 4.624),
    "base-distilled-patch16-224": (87_338_192, 17.657),
    "base-distilled-patch16-384": (87_630_032, 55.591),
}


def images(config=TINY, batch_size=2):
    return torch.randn_like(config.example_input(batch_size))


def shaken(config):
    return shake(build(config), 1.0)


# --- published sizes ------------------------------------------------------------------------------


def test_eight_models_are_published():
    assert {f"facebook/deit-{name}" for name in PARAMETERS} == set(deit.PUBLISHED)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_and_multiplications_are_the_published_ones(name):
    total = cost_of(f"facebook/deit-{name}").total
    assert (total.parameters, round(total.flops / 2e9, 3)) == PARAMETERS[name]


def test_a_walk_names_every_axis_and_both_heads():
    table = walk("facebook/deit-small-distilled-patch16-224")
    assert all(len(s.axes) == len(s.sizes) for stage in table.steps for s in stage.outputs)
    assert table["patches"].axes == {"batch": 1, "patches": 196, "channels": 384}
    assert table["layers.0"].axes == {"batch": 1, "positions": 198, "channels": 384}
    assert table["layers.0"].modules == 12
    answer = {shape.key: shape.sizes for shape in table["answer"].outputs}
    assert answer == {"class_logits": (1, 1000), "distillation_logits": (1, 1000)}
    charged = (table[n] for n in ("patches", "layers.0", "class_head", "distillation_head"))
    tokens, positions, norm = 2 * 384, 198 * 384, 2 * 384
    own = tokens + positions + norm
    assert sum(step.parameters for step in charged) + own == table.parameters


def test_a_plain_model_has_one_token_and_one_answer():
    table = walk("facebook/deit-base-patch16-384")
    assert table["layers.0"].shape == (1, 577, 768)
    assert [shape.key for shape in table["answer"].outputs] == ["class_logits"]


def test_a_walk_of_masked_pretraining_ends_with_a_picture():
    table = walk(MASKED)
    assert table["answer"].axes == {"batch": 1, "3": 3, "height": 24, "width": 40}


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'facebook/deit-tiny-patch16-224'"):
        deit.build("facebook/deit-tiny-patch16-244")
    with pytest.raises(ValueError, match=r"Did you mean 'facebook/deit-base-distilled-patch16-38"):
        walk("facebook/deit-base-distilled-patch16-394")


def test_a_configuration_is_built_as_it_is():
    assert deit.build(TINY).config is TINY
    assert deit.build(MASKED).config is MASKED


# --- tokens ---------------------------------------------------------------------------------------


def test_patches_are_cut_row_by_row_and_go_through_one_linear_map():
    patches, raw = shaken(TINY).patches, images()
    pixels = unfold(raw, 8, stride=8).mT
    wanted = pixels @ patches.projection.weight.flatten(1).T + patches.projection.bias
    assert relative_error(patches(raw), wanted) < EXACT


def test_the_class_token_comes_first_the_distillation_token_second():
    model, patches = shaken(TINY), torch.randn(2, 15, 24)
    tokens = model.prepend(patches) - model.positions
    assert tokens.shape == (2, 17, 24)
    assert relative_error(tokens[:, :1], model.class_token.expand(2, 1, 24)) < EXACT
    assert relative_error(tokens[:, 1:2], model.distillation_token.expand(2, 1, 24)) < EXACT
    assert relative_error(tokens[:, 2:], patches) < EXACT


@BOTH
def test_heads_read_the_tokens_that_the_model_hands_out(config):
    model, raw = shaken(config), images()
    tokens, answer = model.tokens(raw), model(raw)
    assert tokens.shape == (2, config.num_tokens, 24)
    assert torch.equal(answer.class_logits, model.class_head(tokens[:, 0]))
    if config.distilled:
        assert torch.equal(answer.distillation_logits, model.distillation_head(tokens[:, 1]))


@BOTH
def test_without_classes_the_heads_hand_the_tokens_on(config):
    model, raw = shaken(replace(config, num_classes=None)), images()
    answer = model(raw)
    assert torch.equal(answer.class_logits, model.tokens(raw)[:, 0])
    assert answer.logits.shape == (2, 24)


@BOTH
def test_samples_do_not_see_each_other(config):
    model, raw = shaken(config), images(batch_size=3)
    with torch.no_grad():
        assert relative_error(model(raw).logits[1:2], model(raw[1:2]).logits) < EXACT


def test_a_loss_on_the_class_head_alone_reaches_the_distillation_token_but_not_its_head():
    model = shaken(TINY)
    model(images()).class_logits.sum().backward()
    assert model.distillation_token.grad.any()
    assert model.distillation_head.weight.grad is None


def test_a_distillation_token_that_nobody_reads_still_takes_part():
    model, raw = shaken(replace(TINY, distillation_head=False)), images()
    before = model(raw)
    assert before.distillation_logits is None and model.distillation_head is None
    with torch.no_grad():
        model.distillation_token += torch.randn(24)
    assert relative_error(before.logits, model(raw).logits) > 0.01


# --- how weights start ----------------------------------------------------------------------------


def test_a_fresh_model_is_no_blank():
    """As transformers starts it, all of these would be zero and the two tokens twins."""
    fresh = build(DeiTConfig(channels=192, num_heads=3, depth=2, num_classes=50))
    for table in (fresh.class_token, fresh.distillation_token, fresh.positions):
        assert table.std().item() == pytest.approx(0.0176, abs=0.004)  # 0.02, cut at two of them
        assert 0 < table.abs().max() <= 0.04
    for layer in fresh.layers:
        assert layer.mlp.fc1.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert not layer.mlp.fc1.bias.any()
    assert fresh.class_head.weight.std().item() == pytest.approx(0.02, rel=0.05)
    tokens = fresh.tokens(torch.randn(2, 3, 224, 224))
    assert relative_error(tokens[:, 0], tokens[:, 1]) > 0.1


def test_a_fresh_model_knows_where_a_patch_is():
    model, raw = deit.build(TINY).eval(), images()
    shuffled = torch.cat([raw[..., 16:], raw[..., :16]], dim=-1)
    assert relative_error(model(raw).logits, model(shuffled).logits) > 1e-3
    with torch.no_grad():
        model.positions.zero_()
    assert relative_error(model(raw).logits, model(shuffled).logits) < EXACT


# --- what two heads say ---------------------------------------------------------------------------

ANSWER = DeiTOutput(
    torch.tensor([[4.0, 0.0, 1.0], [0.0, 2.0, 0.0]], dtype=torch.float64),
    torch.tensor([[0.0, 0.0, 3.0], [1.0, 5.0, 0.0]], dtype=torch.float64),
)


def test_logits_are_the_mean_of_both():
    assert ANSWER.logits.tolist() == [[2.0, 0.0, 2.0], [0.5, 3.5, 0.0]]
    assert torch.equal(ANSWER.ensemble(), ANSWER.logits)
    assert torch.equal(ANSWER.ensemble("mean_logits"), ANSWER.logits)


def test_either_head_can_be_heard_alone():
    assert ANSWER.ensemble("class") is ANSWER.class_logits
    assert ANSWER.ensemble("distillation") is ANSWER.distillation_logits


def test_the_mean_of_probabilities_is_another_thing():
    heads = (ANSWER.class_logits, ANSWER.distillation_logits)
    wanted = sum(head.softmax(-1) for head in heads) / 2
    fused = ANSWER.ensemble("mean_probabilities")
    assert relative_error(fused.exp(), wanted) < EXACT
    assert relative_error(fused.softmax(-1), wanted) < EXACT
    assert not torch.allclose(ANSWER.logits.softmax(-1), wanted, atol=0.01)
    certain = DeiTOutput(torch.tensor([[200.0, 0.0]]), torch.tensor([[-200.0, 0.0]]))
    assert certain.ensemble("mean_probabilities")[0].tolist() == pytest.approx([-math.log(2)] * 2)


def test_agreement_is_the_share_of_images_with_one_opinion():
    assert ANSWER.agreement() == 0.5
    assert DeiTOutput(ANSWER.class_logits, ANSWER.class_logits * 2).agreement() == 1.0


def test_no_opinion_is_read_from_what_is_no_number():
    nothing = torch.full_like(ANSWER.class_logits, torch.nan)
    for answer in (DeiTOutput(nothing, nothing), DeiTOutput(ANSWER.class_logits, nothing)):
        with pytest.raises(ValueError, match=r"expected numbers in \w+_logits, got NaN in 6 of 6"):
            answer.agreement()


def test_a_plain_answer_has_one_opinion():
    plain = DeiTOutput(ANSWER.class_logits)
    assert plain.logits is plain.ensemble("class") is ANSWER.class_logits
    for how in ("mean_logits", "mean_probabilities", "distillation"):
        with pytest.raises(
            ValueError, match=rf"for how='{how}', got the answer of a model without"
        ):
            plain.ensemble(how)
    with pytest.raises(ValueError, match=r"for an agreement, got .* DeiTConfig with distilled=Tr"):
        plain.agreement()


@pytest.mark.usefixtures("without_shape_checks")
def test_another_way_to_fuse_is_refused():
    with pytest.raises(ValueError, match=r"'class', 'distillation'\), got 'mean'"):
        ANSWER.ensemble("mean")


# --- other sizes ----------------------------------------------------------------------------------


@BOTH
def test_a_resized_model_takes_another_size_and_keeps_what_is_nowhere_in_the_image(config):
    model = shaken(config)
    other, prefix = deit.resized(model, (48, 16)), config.num_prefix_tokens
    assert other.config == replace(config, image_size=(48, 16)) and not other.training
    (old,), (new,) = model.positions, other.positions
    assert torch.equal(old[:prefix], new[:prefix])
    grid = old[prefix:].T.unflatten(1, (3, 5))[None]
    wanted = interpolate(grid, (6, 2), mode="bicubic")[0].flatten(1).T
    assert relative_error(new[prefix:], wanted) < EXACT
    assert other(torch.randn(2, 3, 48, 16)).logits.shape == (2, 5)


def test_a_resized_model_is_a_copy_and_the_same_at_its_own_size():
    model, raw = shaken(TINY).train(), images()
    same = deit.resized(model, TINY.image_size)
    assert torch.equal(model(raw).logits, same(raw).logits) and same.training
    with torch.no_grad():
        same.class_head.weight.zero_()
    assert model.class_head.weight.any()


def test_a_resized_model_keeps_its_kind_of_numbers():
    assert deit.resized(build(TINY).double(), (16, 16)).class_head.weight.dtype == torch.float64


def test_a_masked_pretraining_is_resized_too():
    other = deit.resized(build(MASKED), (48, 16))
    assert other(torch.randn(2, 3, 48, 16)).shape == (2, 3, 48, 16)


def test_positions_without_rows_for_prefix_tokens_are_stretched_whole():
    model = build(replace(TINY, patch_positions_only=True))
    other = deit.resized(model, (48, 16))
    assert other.positions.shape == (1, 12, 24)


# --- DeiT III -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"layer_scale": 1e-4}, {"drop_path": 0.1}])
def test_the_published_models_do_not_pay_for_options(options):
    assert {type(block) for block in build(TINY).layers} == {SelfAttentionLayer}
    assert SelfAttentionLayer not in {
        type(block) for block in build(replace(TINY, **options)).layers
    }


def test_layer_scale_starts_as_asked_and_one_changes_nothing():
    plain, raw = shaken(TINY), images()
    scaled = build(replace(TINY, layer_scale=1.0)).eval()
    scaled.load_state_dict(plain.state_dict(), strict=False)
    assert torch.equal(scaled(raw).logits, plain(raw).logits)
    small = build(replace(TINY, layer_scale=1e-4))
    for block in small.layers:
        for scale in (block.scale_attention, block.scale_mlp):
            assert torch.equal(scale.weight, torch.full((24,), 1e-4))
    extra = sum(p.numel() for p in small.parameters()) - sum(p.numel() for p in plain.parameters())
    assert extra == TINY.depth * 2 * 24


def test_layer_scale_scales_the_branches_channel_by_channel():
    block = shaken(replace(TINY, layer_scale=0.1)).layers[0]
    x = torch.randn(2, 17, 24)
    normed = block.norm_q(x)
    wanted = x + block.attention(normed, normed) * block.scale_attention.weight
    wanted = wanted + block.mlp(block.norm_mlp(wanted)) * block.scale_mlp.weight
    assert relative_error(block(x), wanted) < EXACT


def test_drop_path_grows_from_block_to_block_or_is_the_same_in_all():
    def rates(**options):
        blocks = build(replace(TINY, drop_path=0.2, **options)).layers
        return [block.drop_path.probability for block in blocks]

    assert rates() == [0.0, 0.1, 0.2]
    assert rates(drop_path_grows=False) == [0.2] * 3
    assert rates(depth=1) == [0.0]


def test_drop_path_skips_branches_while_training_only():
    model, raw = shaken(replace(TINY, drop_path=0.5, drop_path_grows=False)), images()
    assert torch.equal(model(raw).logits, model(raw).logits)
    model.train()
    assert not torch.equal(model(raw).logits, model(raw).logits)


def test_a_sample_that_skips_every_branch_comes_out_as_it_was():
    block = shaken(replace(TINY, drop_path=0.999, drop_path_grows=False)).layers[0].train()
    x = torch.randn(1, 17, 24)
    assert torch.equal(block(x), x)


@BOTH
def test_positions_for_patches_only(config):
    model = shaken(replace(config, patch_positions_only=True))
    patches = torch.randn(2, 15, 24)
    tokens = model.prepend(patches)
    assert model.positions.shape == (1, 15, 24)
    assert torch.equal(tokens[1, :1], model.class_token[0])
    assert torch.equal(tokens[:, config.num_prefix_tokens :], patches + model.positions)


# --- masked pre-training --------------------------------------------------------------------------


def test_hidden_pixels_never_change_what_is_drawn():
    model, raw = shaken(MASKED), images()
    mask = model.mask(raw)
    other = torch.where(model.seen_pixels(mask), raw, torch.randn_like(raw))
    assert not torch.equal(raw, other)
    assert torch.equal(model(raw, mask), model(other, mask))


def test_only_hidden_pixels_are_judged():
    model, raw = shaken(MASKED), images()
    mask = torch.zeros(2, 15, dtype=torch.bool)
    mask[0, 3:], mask[1, 4:] = True, True
    seen, drawn = model.seen_pixels(mask), model(raw, mask)
    assert seen.shape == (2, 1, 24, 40) and int((~seen).sum()) == 7 * 64
    wrong = (drawn - raw).abs()
    by_hand = sum(wrong[b, :, :8, 8 * n : 8 * n + 8].sum() for b, n in
                  [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3)])  # fmt: skip
    assert model.loss(raw, mask).item() == pytest.approx(by_hand.item() / (7 * 64 * 3), rel=EXACT)


def test_a_completed_picture_keeps_what_was_seen():
    model, raw = shaken(MASKED), images()
    mask = model.mask(raw)
    seen = model.seen_pixels(mask).expand_as(raw)
    completed, drawn = model.reconstruct(raw, mask), model(raw, mask)
    assert torch.equal(completed[seen], raw[seen]) and torch.equal(completed[~seen], drawn[~seen])


def test_random_masks_hide_the_share_that_was_asked_for():
    for ratio, kept in ((0.6, 6), (0.9, 1), (0.0, 15)):
        model = build(replace(MASKED, mask_ratio=ratio))
        assert model.mask(images()).sum(1).tolist() == [kept] * 2
    assert not torch.equal(*build(MASKED).mask(images()))


def test_learning_from_hidden_patches_reaches_the_mask_token():
    model = build(MASKED)
    model.loss(images()).backward()
    missing = [name for name, p in model.named_parameters() if p.grad is None]
    assert missing == [] and model.mask_token.grad.any()


@pytest.mark.parametrize(
    "mask, words",
    [
        (torch.ones(2, 14, dtype=torch.bool), r"expected mask as \[2, 15\] .* for each patch"),
        (torch.ones(1, 15, dtype=torch.bool), r"got \[1, 15\] of torch.bool"),
        (torch.ones(2, 15), r"of torch.float32\. A 1 that hides, as in other code, is ~mask here"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_masks_that_do_not_fit_are_refused(mask, words):
    model = build(MASKED)
    for use in (model, model.loss, model.reconstruct):
        with pytest.raises(ValueError, match=words):
            use(images(), mask)


def test_a_loss_needs_something_hidden():
    with pytest.raises(ValueError, match=r"at least one hidden patch, got 15 of as many kept"):
        build(MASKED).loss(images(), torch.ones(2, 15, dtype=torch.bool))


# --- what enters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, words",
    [
        ({"image_size": (20, 40)}, r"whole numbers of 8-pixel patches, got \(20, 40\).*\(16, 40\)"),
        ({"image_size": (0, 40)}, r"expected image_size of at least 1, got \(0, 40\)"),
        ({"image_size": (24, 40, 3)}, r"image_size as tuple\[int, int\], got \(24, 40, 3\)"),
        ({"image_size": 24}, r"image_size as tuple\[int, int\], got 24"),
        ({"patch_size": 7}, r"whole numbers of 7-pixel patches, got \(24, 40\)"),
        ({"patch_size": 0}, r"expected patch_size of at least 1, got 0"),
        ({"depth": 0}, r"expected depth of at least 1, got 0"),
        ({"num_heads": 5}, r"split over num_heads=5, got 24\. Choose a multiple of 5"),
        ({"num_classes": 0}, r"num_classes of at least 1, got 0"),
        ({"drop_path": 1.0}, r"expected drop_path from 0 to below 1, got 1\.0"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_sizes_that_do_not_go_together_are_refused(change, words):
    with pytest.raises((ValueError, TypeError), match=words):
        replace(TINY, **change)


def test_a_share_to_hide_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"expected mask_ratio from 0 to below 1, got 1\.0"):
        DeiTMaskedImageConfig(TINY, mask_ratio=1.0)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    "raw, words",
    [
        (torch.zeros(1, 24, 40, 3), r"Colours come before height and width: rearrange"),
        (torch.zeros(3, 24, 40), r"One of them is a batch of one: add an axis with x\[None\]"),
        (torch.zeros(1, 3, 24, 40, dtype=torch.uint8), r"got uint8 numbers\..* x / 255"),
        (torch.zeros(1, 1, 24, 40), r"expected images \[batch, 3, 24, 40\], got \[1, 1, 24, 40\]"),
        (torch.zeros(1, 3, 40, 40), r"Resize or crop them to \(24, 40\), or let deit\.resized"),
        (torch.zeros(0, 3, 24, 40), r"The batch is empty"),
    ],
)
def test_images_that_do_not_fit_are_refused(raw, words):
    distilled, masked = build(TINY), build(MASKED)
    for use in (distilled, distilled.tokens, masked, masked.loss):
        with pytest.raises(ValueError, match=words):
            use(raw)


def test_a_size_that_patches_do_not_tile_is_refused_when_resizing():
    with pytest.raises(ValueError, match=r"whole numbers of 8-pixel patches, got \(30, 40\)"):
        deit.resized(build(TINY), (30, 40))
