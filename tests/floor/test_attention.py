"""Properties of attention that hold whatever the weights are."""

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from perceiver_tutorial.attention import (
    MLP,
    CrossAttentionLayer,
    MultiHeadAttention,
    SelfAttentionLayer,
    attention,
    attention_weights,
)
from perceiver_tutorial.hooks import HookPoint, record

pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture
def arrays():
    """Two samples: 3 queries of width 4, 5 keys of width 4, 5 values of width 6."""
    return torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.randn(2, 5, 6)


@pytest.fixture
def recording():
    """A hook point that is recorded, so that weights are written to memory."""
    hook = HookPoint("batch queries keys")
    hook.register_forward_hook(lambda *_: None)
    return hook


def test_every_query_shares_out_one_over_the_keys(arrays):
    queries, keys, _ = arrays
    weights = attention_weights(queries, keys)
    assert relative_error(weights.sum(-1), torch.ones(2, 3)) < EXACT
    assert (weights > 0).all()


def test_attention_is_the_weighted_average_of_the_values(arrays):
    queries, keys, values = arrays
    by_hand = (queries @ keys.mT / 2).softmax(-1) @ values
    assert relative_error(attention(queries, keys, values), by_hand) < EXACT


def test_scores_are_divided_by_the_root_of_the_width():
    queries, keys = torch.randn(1, 9), torch.randn(5, 9)
    weights = (queries @ keys.mT / 3).softmax(-1)
    assert relative_error(attention_weights(queries, keys), weights) < EXACT


@pytest.mark.parametrize("seen", ["all keys", "some keys", "other keys for each query"])
def test_recording_changes_no_number(arrays, recording, seen):
    mask = {
        "all keys": None,
        "some keys": torch.tensor([True, False, True, True, False]).expand(2, 1, 5),
        "other keys for each query": torch.rand(2, 3, 5) > 0.5,
    }[seen]
    assert (
        relative_error(attention(*arrays, mask, hook=recording), attention(*arrays, mask)) < EXACT
    )


def test_weights_are_computed_only_where_they_are_recorded(arrays, recording, monkeypatch):
    monkeypatch.setattr("perceiver_tutorial.attention.attention_weights", None)
    attention(*arrays, hook=HookPoint("batch queries keys"))
    with pytest.raises(TypeError):
        attention(*arrays, hook=recording)


@pytest.mark.parametrize("recorded", [False, True])
def test_masking_a_key_equals_never_having_it(arrays, recording, recorded):
    queries, keys, values = arrays
    hook = recording if recorded else None
    mask = torch.tensor([True, False, True, True, False]).expand(2, 1, 5)
    kept = [0, 2, 3]
    without = attention(queries, keys[:, kept], values[:, kept])
    assert relative_error(attention(queries, keys, values, mask, hook), without) < EXACT


@pytest.mark.parametrize("recorded", [False, True])
def test_a_query_whose_keys_are_all_masked_gets_zeros_and_learns_nothing(
    arrays, recording, recorded
):
    queries, keys, values = (x.requires_grad_() for x in arrays)
    mask = torch.ones(2, 3, 5, dtype=torch.bool)
    mask[0, 1] = False
    read = attention(queries, keys, values, mask, recording if recorded else None)
    read.sum().backward()
    assert not read[0, 1].any()
    assert read[0, 0].all()
    assert not queries.grad[0, 1].any()
    assert all(x.grad.isfinite().all() for x in (queries, keys, values))


def test_a_mask_over_queries_makes_whole_rows_zero(arrays):
    mask = torch.tensor([[True], [False], [True]]).expand(2, 3, 1)
    read = attention(*arrays, mask)
    assert not read[:, 1].any()
    assert relative_error(read[:, [0, 2]], attention(*arrays)[:, [0, 2]]) < EXACT


def test_order_of_keys_does_not_matter(arrays):
    queries, keys, values = arrays
    order = torch.tensor([4, 2, 0, 1, 3])
    shuffled = attention(queries, keys[:, order], values[:, order])
    assert relative_error(attention(queries, keys, values), shuffled) < EXACT


def test_any_number_of_leading_axes_is_carried_along():
    leading, one = (2, 3, 7), (1, 2, 3)
    queries, keys, values = (torch.randn(*leading, *s) for s in ((4, 5), (6, 5), (6, 8)))
    alone = attention(queries[one], keys[one], values[one])
    assert relative_error(attention(queries, keys, values)[one], alone) < EXACT


def test_every_head_has_channels_of_its_own():
    attention = shake(MultiHeadAttention(12, 10, num_heads=3, qk_channels=6, v_channels=9))
    x_q, x_kv = torch.randn(2, 4, 12), torch.randn(2, 5, 10)
    projected = (attention.q_proj(x_q), attention.k_proj(x_kv), attention.v_proj(x_kv))
    heads = zip(*(array.chunk(3, dim=-1) for array in projected), strict=True)
    context = torch.cat([scaled_dot_product_attention(*head) for head in heads], dim=-1)
    assert relative_error(attention(x_q, x_kv), attention.out_proj(context)) < EXACT


def test_widths_default_to_those_of_the_queries():
    attention = MultiHeadAttention(12, 12, num_heads=4)
    assert attention.k_proj.weight.shape == (12, 12)
    assert MultiHeadAttention(12, 12, num_heads=4, qk_channels=8).v_proj.out_features == 8


@pytest.mark.parametrize("name", ["qk_channels", "v_channels"])
def test_a_width_that_does_not_split_over_the_heads_is_refused_by_name(name):
    message = rf"{name}=10 does not split over num_heads=4: 10 / 4 leaves 2 over"
    with pytest.raises(ValueError, match=message):
        MultiHeadAttention(8, 8, num_heads=4, **{name: 10})


def test_the_mlp_is_two_linear_maps_around_a_gelu():
    mlp = shake(MLP(6, widening_factor=3))
    x = torch.randn(2, 5, 6)
    assert mlp.fc1.weight.shape == (18, 6)
    assert relative_error(mlp(x), mlp.fc2(nn.functional.gelu(mlp.fc1(x)))) < EXACT


def test_the_two_kinds_of_gelu_differ_by_less_than_a_thousandth():
    exact, tanh = MLP(6, activation="gelu"), MLP(6, activation="gelu_tanh")
    x = torch.linspace(-4, 4, 1000)
    difference = (exact.act(x) - tanh.act(x)).abs().max()
    assert 1e-4 < difference < 1e-3
    assert relative_error(tanh.act(x), nn.functional.gelu(x, approximate="tanh")) < EXACT


def test_a_self_attention_layer_is_two_residuals_around_normed_steps():
    layer = shake(SelfAttentionLayer(8, num_heads=2, widening_factor=2, eps=0.5))
    x = torch.randn(2, 5, 8)
    normed = nn.functional.layer_norm(x, (8,), layer.norm_q.weight, layer.norm_q.bias, eps=0.5)
    middle = x + layer.attention(normed, normed)
    assert relative_error(layer(x), middle + layer.mlp(layer.norm_mlp(middle))) < EXACT


def test_the_query_residual_adds_the_queries_to_what_they_read():
    x_q, x_kv = torch.randn(2, 3, 8), torch.randn(2, 5, 6)
    layer = shake(CrossAttentionLayer(8, 6, num_heads=2))
    context = layer.attention(layer.norm_q(x_q), layer.norm_kv(x_kv))
    with_residual = x_q + context
    by_hand = with_residual + layer.mlp(layer.norm_mlp(with_residual))
    assert relative_error(layer(x_q, x_kv), by_hand) < EXACT
    layer.query_residual = False
    assert relative_error(layer(x_q, x_kv), context + layer.mlp(layer.norm_mlp(context))) < EXACT


def test_a_cross_attention_layer_reads_nothing_that_is_masked():
    x_q, x_kv = torch.randn(2, 3, 8), torch.randn(2, 5, 6)
    layer = shake(CrossAttentionLayer(8, 6, num_heads=2))
    mask = torch.tensor([[True, True, False, True, False]]).expand(2, 5)[:, None]
    assert relative_error(layer(x_q, x_kv, mask), layer(x_q, x_kv[:, [0, 1, 3]])) < EXACT


def test_weights_and_context_can_be_recorded():
    attention = shake(MultiHeadAttention(8, 6, num_heads=2, v_channels=10))
    with record(attention) as recorded:
        attention(torch.randn(2, 3, 8), torch.randn(2, 5, 6))
    assert recorded["weights"][0].shape == (2, 2, 3, 5)
    assert recorded["context"][0].shape == (2, 3, 10)


@pytest.mark.parametrize("widths, wanted", [
    ({}, (12, 12)), ({"qk_channels": 6}, (6, 6)), ({"v_channels": 9}, (12, 9)),
    ({"qk_channels": 6, "v_channels": 9}, (6, 9)),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("kv_dim", [12, 10])
def test_keys_are_as_wide_as_queries_and_values_as_keys_unless_said(kv_dim, widths, wanted):
    attention = MultiHeadAttention(12, kv_dim, num_heads=3, **widths)
    assert attention.q_proj.weight.shape == (wanted[0], 12)
    assert attention.k_proj.weight.shape == (wanted[0], kv_dim)
    assert attention.v_proj.weight.shape == (wanted[1], kv_dim)
    assert attention.out_proj.weight.shape == (12, wanted[1])


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("batches", [(1, 4), (4, 1), (2, 3)])
def test_a_batch_of_one_cannot_read_a_batch_of_four(batches):
    x_q, x_kv = torch.randn(batches[0], 3, 8), torch.randn(batches[1], 11, 5)
    words = f"^x_q is a batch of {batches[0]}, x_kv a batch of {batches[1]}: .* x.expand"
    with pytest.raises(ValueError, match=words):
        CrossAttentionLayer(8, 5, num_heads=1)(x_q, x_kv)


def test_one_array_may_be_repeated_for_the_whole_batch():
    attention, x_kv = shake(CrossAttentionLayer(8, 5, num_heads=1)), torch.randn(4, 11, 5)
    x_q = torch.randn(1, 3, 8)
    together = attention(x_q.expand(4, -1, -1), x_kv)
    alone = torch.cat([attention(x_q, one[None]) for one in x_kv])
    torch.testing.assert_close(together, alone)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize("widths, words", [
    ((8, 6), r"x_kv is 6 wide, this layer was built for 5\."),
    ((7, 5), r"x_q is 7 wide, this layer was built for 8\."),
    ((7, 6), r"x_q is 7 wide, this layer was built for 8; x_kv is 6 wide, this layer was built "
             r"for 5\."),
    ((5, 8), r"x_q is 5 wide and x_kv is 8, this layer was built for 8 and 5\. They are "
             r"swapped: x_q comes first\."),
])  # fmt: skip
def test_a_wrong_width_into_cross_attention_is_named_in_one_short_sentence(widths, words):
    x_q, x_kv = torch.randn(2, 3, widths[0]), torch.randn(2, 11, widths[1])
    with pytest.raises(ValueError, match=f"^{words}$"):
        CrossAttentionLayer(8, 5, num_heads=1)(x_q, x_kv)
