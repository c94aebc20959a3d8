"""The steps of a speed-up, one by one: each equal to what it replaces."""

import pytest
import torch
from shaken import relative_error, shake
from tolerances import EXACT, SMOKE
from torch import nn

from perceiver_tutorial.attention import MultiHeadAttention
from perceiver_tutorial.hooks import record
from perceiver_tutorial.speed import fastest, fold
from perceiver_tutorial.speed.faster import speed_up
from perceiver_tutorial.speed.products import PackedLinear, has_onednn, onednn_linear

ONEDNN = pytest.mark.skipif(not has_onednn(), reason="a torch without oneDNN")
MIXES = pytest.mark.parametrize("mix", [fold.fused, pytest.param(fold.in_pieces, marks=ONEDNN)])


class Reader(nn.Module):
    """Somebody who has an attention with one head."""

    def __init__(self):
        super().__init__()
        self.attention = MultiHeadAttention(6, 10, num_heads=1, qk_channels=8, v_channels=4)

    def forward(self, x_q, x_kv, mask=None):
        return self.attention(x_q, x_kv, mask)


def pair() -> tuple[nn.Module, nn.Module]:
    plain = shake(Reader())
    return plain, speed_up(plain, products="default")


def arrays(queries: int = 5, keys: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(2, queries, 6), torch.randn(2, keys, 10)


# --- the fold -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["plain", "inputs", "queries"])
def test_all_three_orders_give_the_same(order, monkeypatch):
    monkeypatch.setattr(fold, "cheapest", lambda *_: order)
    plain, folded = (reader.double() for reader in pair())
    x_q, x_kv = (array.double() for array in arrays())
    with torch.no_grad():
        assert relative_error(folded(x_q, x_kv), plain(x_q, x_kv)) < EXACT


@pytest.mark.parametrize("order", ["inputs", "queries"])
@MIXES
def test_both_libraries_give_the_same(order, mix):
    plain, folded = pair()
    x_q, x_kv = arrays()
    with torch.no_grad():
        answer = getattr(folded.attention, f"_fold_{order}")(mix, x_q, x_kv)
        assert relative_error(answer, plain(x_q, x_kv)) < SMOKE


def test_the_cheapest_order_is_chosen():
    slim = MultiHeadAttention(20, 20, num_heads=1, qk_channels=4)
    assert fold.cheapest(500, 500, slim) == "plain"
    wide = MultiHeadAttention(64, 8, num_heads=1)
    assert fold.cheapest(5, 10_000, wide) == "inputs"
    narrow = MultiHeadAttention(8, 64, num_heads=1, qk_channels=64)
    assert fold.cheapest(10_000, 5, narrow) == "queries"


@pytest.mark.parametrize("winner", ["plain", "default", pytest.param("onednn", marks=ONEDNN)])
def test_the_order_is_measured_on_some_rows_and_taken_for_all(winner, monkeypatch):
    ran = []

    def measured(ways):
        ran.append({name: run().shape for name, run in ways.items()})
        return winner

    monkeypatch.setattr(fastest, "_CHOSEN", {})
    monkeypatch.setattr(fastest, "_measured", measured)
    monkeypatch.setattr(fold, "ROWS_TO_MEASURE", 7)
    monkeypatch.setattr(fold, "LEAST", 0)
    monkeypatch.setattr(fold, "cheapest", lambda *_: "queries")
    plain, _ = pair()
    folded = speed_up(plain)
    for part in folded.modules():
        if isinstance(part, PackedLinear):
            part.products = "default"
    x_q, x_kv = arrays(queries=40, keys=5)
    with torch.no_grad():
        for _ in range(2):
            assert relative_error(folded(x_q, x_kv), plain(x_q, x_kv)) < SMOKE
    assert len(ran) == 1 and set(ran[0].values()) == {(2, 7, 6)}


@ONEDNN
@pytest.mark.parametrize("spread", [1.0, 1000.0])
@pytest.mark.parametrize("biased", [True, False])
def test_readings_of_pieces_join_to_a_reading_of_all(spread, biased, monkeypatch):
    monkeypatch.setattr(fold, "ROWS_AT_ONCE", 4)
    queries, keys = spread * torch.randn(2, 9, 6), torch.randn(2, 23, 6)
    values, bias = torch.randn(2, 23, 3), torch.randn(2, 23) if biased else None
    scores = queries @ keys.mT + (0.0 if bias is None else bias[:, None])
    found = fold.in_pieces(queries, keys, values, bias)
    assert relative_error(found, scores.softmax(-1) @ values) < SMOKE


@ONEDNN
def test_weights_never_become_denormal():
    queries, keys = torch.tensor([[[100.0]]]), torch.tensor([[[0.0], [1.0]]])
    smallest = fold.in_pieces(queries, keys, torch.tensor([[[1.0], [0.0]]]), None)
    assert 0 < smallest.item() < 1e-30
    assert smallest.item() >= torch.finfo(torch.float32).tiny


@pytest.mark.parametrize("hook", ["attention.weights", "attention.context"])
def test_what_is_recorded_is_computed_the_plain_way(hook, monkeypatch):
    monkeypatch.setattr(fold, "cheapest", lambda *_: "inputs")
    plain, folded = (reader.double() for reader in pair())
    x_q, x_kv = (array.double() for array in arrays())
    with torch.no_grad(), record(folded, hook) as found, record(plain, hook) as right:
        assert relative_error(folded(x_q, x_kv), plain(x_q, x_kv)) < EXACT
    assert relative_error(found[hook][0], right[hook][0]) < EXACT


def test_a_key_that_is_not_kept_is_not_read(monkeypatch):
    monkeypatch.setattr(fold, "cheapest", lambda *_: "inputs")
    plain, folded = (reader.double() for reader in pair())
    x_q, x_kv = (array.double() for array in arrays())
    mask = torch.rand(2, 1, 9) < 0.5
    mask[0] = False
    with torch.no_grad():
        assert relative_error(folded(x_q, x_kv, mask), plain(x_q, x_kv, mask)) < EXACT


# --- packed weights -----------------------------------------------------------------------------


@ONEDNN
@pytest.mark.parametrize("shape", [(5, 6), (2, 5, 6), (2, 3, 5, 6), (0, 6)])
@pytest.mark.parametrize("bias", [True, False])
def test_packed_weights_give_the_same(shape, bias):
    plain, x = nn.Sequential(nn.Linear(6, 4, bias=bias)).eval(), torch.randn(shape)
    packed = speed_up(plain, products="onednn")
    with torch.no_grad():
        assert packed(x).shape == (*shape[:-1], 4)
        assert torch.allclose(packed(x), plain(x), atol=1e-5)
    assert (packed[0].packed is not None) == bool(x.numel())


@ONEDNN
def test_weights_are_packed_once_until_they_change():
    plain, x = nn.Sequential(nn.Linear(6, 4)).eval(), torch.randn(5, 6)
    packed = speed_up(plain, products="onednn")
    packed(x)
    first = packed[0].packed
    packed(x)
    assert packed[0].packed is first
    with torch.no_grad():
        plain[0].weight.add_(1)
    assert torch.allclose(packed(x), plain(x), atol=1e-5)
    assert packed[0].packed is not first


@ONEDNN
def test_weights_made_in_inference_mode_are_packed_too():
    with torch.inference_mode():
        plain, x = nn.Sequential(nn.Linear(6, 4)).eval(), torch.randn(5, 6)
        packed = speed_up(plain, products="onednn")
        assert torch.allclose(packed(x), plain(x), atol=1e-5)


@ONEDNN
def test_onednn_never_gets_a_transposed_view(monkeypatch):
    """For such weights it has but a reference, a thousand times slower."""

    def linear_pointwise(x, weight, bias, *_rest):
        assert weight.is_contiguous()
        return nn.functional.linear(x, weight, bias)

    monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", linear_pointwise)
    x, weight = torch.randn(5, 6), torch.randn(6, 4).T
    assert torch.allclose(onednn_linear(x, weight), nn.functional.linear(x, weight), atol=1e-5)
    keys, values = torch.randn(1, 6, 8).mT, torch.randn(1, 3, 8).mT
    fold.in_pieces(x[None], keys, values, None)


# --- what is faster -----------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """A clock that only work moves on."""
    monkeypatch.setattr(fastest, "_CHOSEN", {})
    now = [0.0]
    monkeypatch.setattr(fastest.time, "process_time", lambda: now[0])
    monkeypatch.setattr(fastest.time, "perf_counter", lambda: now[0])

    ran = []

    def takes(*seconds):
        rounds = iter(seconds * fastest.ROUNDS)

        def run():
            now[0] += next(rounds)
            ran.append(seconds)

        return run

    takes.ran = ran
    return takes


def test_the_fastest_way_is_taken(clock):
    ways = {"plain": clock(0.002), "b": clock(0.001), "c": clock(0.0015)}
    assert fastest.fastest(ways, "here") == "b"
    assert len(clock.ran) == 3 * fastest.ROUNDS


def test_what_takes_long_is_run_twice(clock):
    assert fastest.fastest({"plain": clock(2.0), "b": clock(1.0)}, "here") == "b"
    assert len(clock.ran) == 4


def test_a_way_that_hardly_saves_anything_is_not_taken(clock):
    assert fastest.fastest({"plain": clock(1.0), "b": clock(0.96)}, "here") == "plain"


def test_the_best_time_of_each_counts(clock):
    slow_start = clock(9.0, 1.0, 1.0, 1.0, 1.0)
    assert fastest.fastest({"plain": clock(1.5), "b": slow_start}, "here") == "b"


def test_a_situation_is_measured_once_for_every_number_of_threads(clock, monkeypatch):
    ways = {"plain": clock(2.0), "b": clock(1.0)}
    assert fastest.fastest(ways, "here") == fastest.fastest(ways, "here") == "b"
    assert len(fastest._CHOSEN) == 1
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    fastest.fastest({"plain": clock(2.0), "b": clock(1.0)}, "here")
    assert len(fastest._CHOSEN) == 2
