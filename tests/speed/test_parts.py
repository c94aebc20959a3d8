"""The steps of a speed-up, one by one: each equal to what it replaces."""

import pytest
import torch
from shaken import relative_error, shake
from torch import nn

from perceiver_tutorial.attention import CrossAttend, MultiHeadAttention
from perceiver_tutorial.perceiver.queries import GridQueries, LearnedQueries
from perceiver_tutorial.positions import LearnedPositions
from perceiver_tutorial.speed import fold
from perceiver_tutorial.speed.grids import moments, take_apart
from perceiver_tutorial.speed.heads import HeadByHead, take_over_heads
from perceiver_tutorial.speed.perceiver import take_over_positions
from perceiver_tutorial.speed.prepared import Prepared
from perceiver_tutorial.speed.products import PackedLinear, take_over_linear, times
from perceiver_tutorial.speed.reading import join, look
from perceiver_tutorial.speed.rows import AppendedRows, JoinedRows, KeptRows, PaddedRows, Rows

WHERE = torch.arange(28.0).view(7, 4)


def pair(**options) -> tuple[CrossAttend, CrossAttend]:
    """The same cross-attend twice, once folded."""
    plain, folded = (
        shake(CrossAttend(6, 10, num_heads=1, qk_channels=8, v_channels=4, **options))
        for _ in range(2)
    )
    fold.take_over_attend(folded, onednn=False)
    return plain, folded


@pytest.mark.parametrize("order", ["plain", "inputs", "queries"])
@pytest.mark.parametrize("query_residual", [True, False])
def test_all_three_orders_give_the_same(order, query_residual, monkeypatch):
    monkeypatch.setattr(fold, "cheapest", lambda *_: order)
    plain, folded = pair(query_residual=query_residual)
    asking, read = torch.randn(2, 5, 6), torch.randn(2, 9, 10)
    with torch.no_grad():
        assert relative_error(folded(asking, read), plain(asking, read)) < 1e-5


def test_the_cheapest_order_is_chosen():
    slim = CrossAttend(20, 20, num_heads=1, qk_channels=4)
    assert fold.cheapest(500, 500, slim) == "plain"
    wide = CrossAttend(64, 8, num_heads=1)
    assert fold.cheapest(5, 10_000, wide) == "inputs"
    narrow = CrossAttend(8, 64, num_heads=1, qk_channels=64)
    assert fold.cheapest(10_000, 5, narrow) == "queries"


def test_latents_are_folded_once_for_all_portions(monkeypatch):
    plain, folded = pair(query_residual=False)
    asking, read = torch.randn(2, 40, 6), torch.randn(2, 3, 10)
    monkeypatch.setattr(fold, "ROWS_AT_ONCE", 7)
    with torch.no_grad():
        answer = folded.reader(read)
        portions = torch.cat([answer(some) for some in asking.split(11, dim=1)], dim=1)
        assert relative_error(portions, plain(asking, read)) < 1e-5


@pytest.mark.parametrize("onednn", [False, True])
@pytest.mark.parametrize("spread", [1.0, 1000.0])
def test_readings_of_pieces_join_to_a_reading_of_all(onednn, spread):
    queries, array = spread * torch.randn(2, 5, 6), torch.randn(2, 23, 6)
    pieces = [look(queries, some, some, onednn=onednn) for some in array.split(4, dim=1)]
    assert relative_error(join(pieces), (queries @ array.mT).softmax(-1) @ array) < 1e-5


def test_a_piece_of_which_nothing_is_kept_does_not_count():
    queries, array = torch.randn(1, 5, 6), torch.randn(1, 8, 6)
    keep = torch.tensor([[[False] * 4 + [True] * 4]])
    halves = [
        look(queries, some, some, keep=kept)
        for some, kept in zip(array.split(4, dim=1), keep.split(4, dim=2), strict=True)
    ]
    right = (queries @ array[:, 4:].mT).softmax(-1) @ array[:, 4:]
    assert relative_error(join(halves), right) < 1e-5


def test_weights_never_become_denormal():
    queries, keys = torch.tensor([[[100.0]]]), torch.tensor([[[0.0], [1.0]]])
    mixture, log_total = look(queries, keys, torch.ones(1, 2, 1))
    assert mixture.item() == 1.0 and log_total.item() == pytest.approx(100.0)
    smallest, _ = look(queries, keys, torch.tensor([[[1.0], [0.0]]]))
    assert smallest.item() >= torch.finfo(torch.float32).tiny


@pytest.mark.parametrize("shape", [(2, 5, 6), (1, 5, 6)])
def test_products_are_equal(shape):
    x, y = torch.randn(shape), torch.randn(shape[0], 6, 4)
    assert relative_error(times(x, y, onednn=True), x @ y) < 1e-5


@pytest.mark.parametrize("shape", [(5, 6), (2, 5, 6), (2, 3, 5, 6), (0, 6)])
@pytest.mark.parametrize("bias", [True, False])
def test_packed_weights_give_the_same(shape, bias):
    layer, x = nn.Linear(6, 4, bias=bias), torch.randn(shape)
    with torch.no_grad():
        right = layer(x)
        take_over_linear(layer)
        assert type(layer) is PackedLinear and layer(x).shape == right.shape
        assert torch.allclose(layer(x), right, atol=1e-6)


def test_what_is_prepared_is_kept_until_weights_change():
    made = []
    weight = torch.zeros(3)
    prepared = Prepared(lambda: made.append(1) or weight + 1, [weight])
    assert prepared() is prepared() and len(made) == 1
    weight += 1
    assert prepared().tolist() == [2.0, 2.0, 2.0] and len(made) == 2


def test_weights_made_in_inference_mode_are_prepared_once():
    with torch.inference_mode():
        weight = torch.zeros(3)
    assert Prepared(lambda: weight + 1, [weight])().tolist() == [1.0, 1.0, 1.0]


def test_learned_positions_are_made_once():
    positions = shake(LearnedPositions((2, 3), 4, projected_channels=5))
    right = positions()
    take_over_positions(positions)
    assert torch.equal(positions(), right)
    assert positions() is positions()


@pytest.mark.parametrize("keep", [None, torch.tensor([[[True, False, True, True, False, True]]])])
def test_heads_look_one_after_the_other(keep):
    plain, split = (
        shake(MultiHeadAttention(8, 10, num_heads=2, qk_channels=4, v_channels=6)) for _ in "ab"
    )
    take_over_heads(split, onednn=False)
    asking, read = torch.randn(1, 5, 8), torch.randn(1, 6, 10)
    assert type(split) is HeadByHead
    with torch.no_grad():
        assert relative_error(split(asking, read, keep), plain(asking, read, keep)) < 1e-5


def test_heads_of_one_width_stay_as_they_are():
    attention = MultiHeadAttention(8, num_heads=2)
    take_over_heads(attention, onednn=False)
    assert type(attention) is MultiHeadAttention


# --- an input array that is never whole ---------------------------------------------------------


def kinds() -> dict[str, Rows]:
    torch.manual_seed(0)
    appended = AppendedRows(torch.randn(2, 7, 3), WHERE)
    masked = torch.rand(2, 7, 1) < 0.5
    padded = PaddedRows(appended, torch.randn(1, 2), torch.randn(1, 9), masked)
    keep = torch.rand(2, 11) < 0.5
    joined = JoinedRows([padded, Rows(torch.randn(2, 4, 9))])
    return {
        "whole": Rows(torch.randn(2, 7, 3)),
        "appended": appended,
        "padded": padded,
        "joined": joined,
        "kept": KeptRows(joined, keep),
    }


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pieces_make_up_the_whole(kind, size):
    rows = kinds()[kind]
    whole = rows.whole()
    assert torch.equal(torch.cat(list(rows.pieces(size)), dim=1), whole)
    assert max(piece.shape[1] for piece in rows.pieces(size)) <= size
    assert rows.shape == whole.shape == rows.outline().shape
    some = torch.tensor([6, 0, 2])
    assert torch.equal(rows[some], whole[:, some])
    assert torch.equal(rows[2:5], whole[:, 2:5])


def test_an_outline_has_no_numbers_of_its_own():
    assert kinds()["appended"].outline().untyped_storage().nbytes() == 4


# --- queries taken apart ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "queries",
    [
        GridQueries((3, 4, 5), num_bands=2),
        GridQueries((6,), num_bands=3, max_resolution=(60,)),
        GridQueries((2, 3), num_bands=2, convention="linspace"),
        LearnedQueries(4, 7),
    ],
    ids=["video", "sound", "linspace", "learned"],
)
def test_queries_are_sums_of_rows(queries):
    padding = torch.randn(1, 3)
    apart = take_apart(queries, padding)
    points = queries.all_points(torch.zeros(1, 1, 1))
    whole = torch.cat([queries(torch.zeros(1, 1, 1))[0], padding.expand(len(points), -1)], dim=-1)
    stacked, rows = torch.cat(apart.tables), apart.rows(points)
    assert torch.allclose(stacked[rows].sum(1), whole, atol=1e-6)
    mean, square = moments(stacked)[rows].sum(1).unbind(-1)
    assert torch.allclose(mean, whole.mean(-1), atol=1e-6)
    assert torch.allclose(square, whole.square().mean(-1), atol=1e-6)
