"""What is said about Hiera's tokens: patches, mask units, their order, pooling, attention."""

from functools import cache

import pytest
import theirs_hiera
import torch
from measured import walk_of
from transformers import HieraForImageClassification, HieraModel
from transformers.models.hiera import modeling_hiera as modeling

from perceiver_course import claim
from perceiver_tutorial.hiera import PUBLISHED, Hiera, HieraConfig, build, max_pool, reroll, unroll
from perceiver_tutorial.hooks import record

pytestmark = pytest.mark.usefixtures("no_gradients")

NAME = "facebook/hiera-tiny-224-in1k-hf"
CONFIG = PUBLISHED[NAME]
SIDES = (56, 28, 14, 7)
NARROW = HieraConfig(8, 1, (1, 2, 2, 1), num_classes=None)


@cache
def theirs():
    """A published model without weights, its layers, and what each of them returned."""
    model = theirs_hiera.published(HieraModel)
    layers = [layer for stage in model.encoder.stages for layer in stage.layers]
    maps = []
    handles = [
        layer.attn.register_forward_hook(lambda _module, _args, out: maps.append(out[1].shape))
        for layer in layers
    ]
    model(theirs_hiera.images(device="meta"), output_attentions=True)
    for handle in handles:
        handle.remove()
    return model, layers, maps


def in_stages(values):
    """A list of one value for each block, cut where the stages end."""
    rest = list(values)
    return [[rest.pop(0) for _ in range(depth)] for depth in CONFIG.stages]


def answer_of(module):
    """The shape of what a published module of transformers returns."""
    shapes = []
    handle = module.register_forward_hook(lambda _module, _, out: shapes.append(out.shape))
    theirs()[0](theirs_hiera.images(device="meta"))
    handle.remove()
    return shapes[0]


# -- patches and mask units ----------------------------------------------------------------


def test_patches_overlap():
    embeddings = theirs()[0].embeddings
    convolve = embeddings.patch_embeddings.projection
    found = {name: getattr(convolve, name)[0] for name in ("kernel_size", "stride", "padding")} | {
        "map": answer_of(convolve),
        "tokens": walk_of(NAME)["encoder.patches"].shape,
    }
    assert CONFIG.patch_kernel + CONFIG.patch_stride + CONFIG.patch_padding == (7, 7, 4, 4, 3, 3)
    claim("hiera.patch-embed", {**found, "positions": embeddings.position_embeddings.shape})


def test_a_mask_unit_shrinks_to_one_token():
    model, _, maps = theirs()
    keys_of_last = [stage[-1][-1] for stage in in_stages(maps)]
    windows = [CONFIG.unit_tokens(stage) for stage in range(4)]
    assert keys_of_last[:2] == windows[:2]  # further on all see all
    assert list(CONFIG.mask_unit) == list(model.config.masked_unit_size)
    found = {"tokens": CONFIG.mask_unit, "pixels": CONFIG.unit_pixels, "units": CONFIG.units}
    claim("hiera.mask-unit", {**found, "tokens in each stage": windows})


# -- the order of tokens -------------------------------------------------------------------


def order():
    """Where every token of pooling order was, as numbers of a 56 x 56 grid."""
    numbers = torch.arange(56.0 * 56).view(1, -1, 1)
    there = modeling.unroll(numbers, (224, 224), (4, 4), [(2, 2)] * 3)
    assert torch.equal(unroll(numbers, (56, 56), CONFIG.pools), there)
    return there.flatten().int()


def units_in_order():
    row, column = order() // 56, order() % 56
    return row // 8 * 7 + column // 8


def test_one_token_of_each_mask_unit_comes_in_turn():
    places = [divmod(int(number), 56) for number in order()]
    found = {
        "first of all": places[:3],
        "first of unit 0": places[: 49 * 8 : 49],
        "unit is number mod 49": bool((units_in_order() == torch.arange(3136) % 49).all()),
    }
    claim("hiera.unroll-layout", found)


def test_the_tokens_of_a_mask_unit_stand_49_apart_and_not_side_by_side():
    where = [(units_in_order() == unit).nonzero().flatten().diff() for unit in range(49)]
    apart = sorted(set(torch.cat(where).tolist()))
    says = "entire windows of\n    size 8x8 would be contiguous in memory"
    found = {"docstring": says in modeling.unroll.__doc__, "apart": apart}
    by_unit = units_in_order().view(64, 49)
    claim("hiera.unroll-docstring", {**found, "viewed as 64 x 49": bool(one_unit_each(by_unit))})


def one_unit_each(by_unit):
    return (by_unit == torch.arange(49)).all()


def test_reroll_undoes_unroll():
    encoder = theirs()[0].encoder
    tokens = torch.randn(2, 3136, 5)
    sorted_tokens = unroll(tokens, (56, 56), CONFIG.pools)
    undone = [reroll(sorted_tokens, (56, 56), CONFIG.pools), encoder.reroll(sorted_tokens, 0)]
    last = torch.randn(2, 49, 5)
    steps = [(len(schedule), size) for schedule, size in encoder.schedule.values()]
    assert steps == [
        (len(CONFIG.pools_after(n)), list(CONFIG.grid_after(n, CONFIG.grid))) for n in range(4)
    ]
    found = {
        "undone": [torch.equal(grid.flatten(1, 2), tokens) for grid in undone],
        "last stage is in raster order": torch.equal(encoder.reroll(last, 3).flatten(1, 2), last),
        "steps": [steps for steps, _ in steps],
        "sides": [side for _, (side, _) in steps],
    }
    claim("hiera.reroll", found)


# -- pooling and attention -----------------------------------------------------------------


def first_layer_of_stage_2():
    """A layer that pools, something to pool, and what its attention sees of it, unmasked."""
    layer = theirs_hiera.narrow().encoder.stages[1].layers[0]
    return layer, torch.randn(1, 3136, 8)


def test_queries_and_the_residual_become_the_largest_of_four():
    layer, tokens = first_layer_of_stage_2()
    normed = layer.layernorm_before(tokens)
    queries, keys, _ = layer.attn.qkv(normed).chunk(3, -1)
    queries, keys = max_pool(queries, 4).view(16, 49, 2, 8), keys.view(64, 49, 2, 8)
    scores = torch.einsum("qwhc,kwhc->hwqk", queries, keys) / 8**0.5
    by_hand = scores.softmax(-1)
    theirs_map = layer.attn(normed, output_attentions=True)[1][0]
    layer.attn.proj.weight.zero_(), layer.attn.proj.bias.zero_()
    layer.mlp.fc2.weight.zero_(), layer.mlp.fc2.bias.zero_()
    on_grid = reroll(layer.proj(normed), (56, 56), CONFIG.pools).movedim(-1, 1)
    largest = torch.nn.functional.max_pool2d(on_grid, 2).movedim(1, -1)
    residual = reroll(layer(tokens)[0], (28, 28), CONFIG.pools[1:])
    _, layers, maps = theirs()
    heads_and_tokens = [stage[-1] for stage in in_stages(maps)]
    found = {
        "tokens": [shape[2] * shape[3] for shape in heads_and_tokens],
        "query strides": in_stages(layer.query_stride for layer in layers),
        "queries": torch.allclose(theirs_map, by_hand, atol=1e-5),
        "residual": torch.equal(residual, largest),
        "wider": [layers[n].proj.out_features / layers[n].proj.in_features for n in (1, 3, 10)],
    }
    claim("hiera.query-pool", found)


def test_the_first_layer_of_the_third_stage_still_attends_in_mask_units():
    _, layers, maps = theirs()
    local = in_stages(layer.attn.use_mask_unit_attn for layer in layers)
    with torch.device("meta"):
        ours = build(NAME).encoder.stages
    assert local == [[block.attention.unit_tokens is not None for block in stage] for stage in ours]
    third = [list(shape) for shape in in_stages(maps)[2]]
    found = {"local": local, "stage 3, first": third[0], "stage 3, others": third[1]}
    claim("hiera.mask-unit-attention-stages", found)


def test_every_layer_has_a_map_of_its_shape():
    _, _, maps = theirs()
    with torch.device("meta"):
        ours = build(NAME)
    with record(ours, "*.weights") as recorded:
        ours(theirs_hiera.images(device="meta"))
    mine = [weights[0].unflatten(0, (1, -1)).movedim(2, 1).shape for weights in recorded.values()]
    assert mine == maps
    found = {
        f"stage {number}": [list(shape) for shape in dict.fromkeys(stage)]
        for number, stage in enumerate(in_stages(maps), 1)
    }
    claim("hiera.attention-maps", found)


def test_early_on_nothing_leaves_its_mask_unit():
    model, images = theirs_hiera.narrow(), theirs_hiera.images()
    changed = images.clone()
    changed[..., 100:104, 100:104] += 1
    before, after = (
        model(raw, output_hidden_states=True).reshaped_hidden_states[1:]
        for raw in (images, changed)
    )
    places = [(a != b).any(-1)[0].nonzero() for a, b in zip(before, after, strict=True)]
    rows, columns = places[0].mT
    found = {
        "rows": [int(rows.min()), int(rows.max())],
        "columns": [int(columns.min()), int(columns.max())],
        "tokens": [len(some) for some in places],
    }
    claim("hiera.locality", found)


def test_the_last_tokens_are_averaged_and_none_is_a_class():
    model = theirs_hiera.published(HieraForImageClassification)
    names = [name for name, _ in model.named_parameters() if "cls" in name]
    with torch.device("meta"):
        ours = Hiera(CONFIG)
    assert [type(ours.norm), type(ours.head)] == [torch.nn.LayerNorm, torch.nn.Linear]
    found = {
        "class tokens": len(names),
        "tokens": walk_of(NAME)["encoder.stages.3.1"].shape[1],
        "pooler": {name: type(m).__name__ for name, m in model.hiera.pooler.named_children()},
        "norm": model.hiera.pooler.layernorm.normalized_shape,
        "classifier": type(model.classifier).__name__,
    }
    claim("hiera.no-cls", found)
