"""Exercises about attention: sharing out, splitting into heads, hiding."""

import torch
from einops import rearrange
from torch import Tensor

from perceiver_tutorial.attention import MultiHeadAttention, attention
from perceiver_tutorial.hooks import record

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction


def _asked_and_read() -> tuple[Tensor, Tensor, Tensor]:
    """Two samples: 3 queries and 5 keys of width 4, 5 values of width 6."""
    generator = torch.Generator().manual_seed(0)
    sizes = ((2, 3, 4), (2, 5, 4), (2, 5, 6))
    return tuple(torch.randn(size, generator=generator) for size in sizes)


ATTEND = Exercise(
    task="let 3 queries of width 4 read 5 values by their 5 keys: scores, scale, softmax, mean.",
    inputs=_asked_and_read,
    reference=lambda q, k, v: attention(q, k, v),
    slips=(
        Slip(
            "the softmax runs over the queries; each query should share out 1 over the keys.",
            lambda q, k, v: (q @ k.mT / 2).softmax(-2) @ v,
        ),
        Slip(
            "the scores are not divided by the root of the width.",
            lambda q, k, v: (q @ k.mT).softmax(-1) @ v,
        ),
        Slip(
            "divided by the width, not by its root.", lambda q, k, v: (q @ k.mT / 4).softmax(-1) @ v
        ),
        Slip(
            "the width that counts is that of queries and keys, not that of the values.",
            lambda q, k, v: (q @ k.mT / 6**0.5).softmax(-1) @ v,
        ),
    ),
)

SPLIT_HEADS = Exercise(
    task="split an array [2, 5, 12] into 3 heads: [2, 3, 5, 4]. The first head gets the first 4 "
    "channels of every row.",
    inputs=lambda: (torch.arange(2 * 5 * 12).reshape(2, 5, 12).float(),),
    reference=lambda x: rearrange(x, "b n (heads c) -> b heads n c", heads=3),
    slips=(
        Slip(
            "reshape alone moves nothing: a head now holds other rows, not other channels.",
            lambda x: x.reshape(2, 3, 5, 4),
        ),
        Slip(
            "the heads take turns at every channel: let them change slowest, left of c.",
            lambda x: rearrange(x, "b n (c heads) -> b heads n c", heads=3),
        ),
    ),
)

KEEP_EARLIER = Exercise(
    task="return `mask` for `length` positions that read one another: True where the position that "
    "is read (the column) is not later than the one that asks (the row).",
    inputs=lambda: (5,),
    reference=lambda length: torch.ones(length, length, dtype=torch.bool).tril(),
    slips=(
        Slip(
            "turned round: rows ask, columns are read.",
            lambda length: torch.ones(length, length, dtype=torch.bool).triu(),
        ),
        Slip(
            "a position may read itself; here the first one would keep nothing.",
            lambda length: torch.ones(length, length, dtype=torch.bool).tril(-1),
        ),
        Slip(
            "True stays: this marks what should be hidden.",
            lambda length: torch.ones(length, length, dtype=torch.bool).triu(1),
        ),
    ),
)


def _shared_out(share):
    return lambda q, k, v: share(q @ k.mT / 2) @ v


def _reads_averages(read) -> bool:
    queries, keys, _ = _asked_and_read()
    return torch.allclose(read(queries, keys, torch.ones(2, 5, 6)), torch.ones(2, 3, 6))


READS_AVERAGES = BugHunt(
    task="`read(queries, keys, values)` should return weighted averages of the values, one for "
    "each query. Return whether it does.",
    inputs=_asked_and_read,
    right=attention,
    bugs=(
        _shared_out(lambda scores: scores.softmax(-2)),
        _shared_out(lambda scores: scores.softmax(0)),
        _shared_out(lambda scores: scores.sigmoid()),
        _shared_out(lambda scores: scores.flatten(1).softmax(-1).reshape(2, 3, 5)),
    ),
    reference=_reads_averages,
)


def _row_and_mask() -> tuple[Tensor, Tensor]:
    """Two samples of 5 rows, of which the first 3 may be read."""
    x = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    return x, (torch.arange(5) < 3).expand(2, 5)


def _read_with(share):
    """Self-attention whose weights are made from scores and mask [batch, 1, keys]."""
    return lambda x, mask: share(x @ x.mT / 2, mask[:, None]) @ x


def _is_silent(read) -> bool:
    x, mask = _row_and_mask()
    never_there = read(x[:, :3], mask[:, :3])
    return torch.allclose(read(x, mask)[:, :3], never_there, atol=1e-6)


HIDDEN_IS_SILENT = BugHunt(
    task="`read(x, mask)` lets the rows of x [2, 5, 4] read one another; mask [2, 5] is True where "
    "a row may be read. Return whether a hidden row is as good as not there.",
    inputs=_row_and_mask,
    right=lambda x, mask: attention(x, x, x, mask[:, None]),
    bugs=(
        _read_with(lambda scores, mask: scores.masked_fill(mask, -1e9).softmax(-1)),
        _read_with(lambda scores, mask: scores.masked_fill(~mask, 0.0).softmax(-1)),
        _read_with(lambda scores, mask: scores.masked_fill(~mask.mT, -1e9).softmax(-1)),
        _read_with(lambda scores, mask: scores.softmax(-1) * mask),
        _read_with(lambda scores, mask: (scores + mask).softmax(-1)),
    ),
    reference=_is_silent,
)


SIZES = {"B": 2, "O": 3, "M": 5, "C": 4, "V": 6}
HEADS = {"B": 2, "O": 3, "M": 5, "C": 12, "A": 4}


def _three_arrays() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.zeros(2, 3, 4), torch.zeros(2, 5, 4), torch.zeros(2, 5, 6)


def _scores() -> torch.Tensor:
    queries, keys, _ = _three_arrays()
    return queries @ keys.mT


def _weights() -> torch.Tensor:
    attention = MultiHeadAttention(12, 12, num_heads=4)
    with record(attention, "weights") as recorded:
        attention(torch.zeros(2, 3, 12), torch.zeros(2, 5, 12))
    return recorded["weights"][0]


PREDICTIONS = {
    "attention.scores": Prediction(
        question="B = 2 samples, O = 3 queries [B, O, C] and M = 5 keys [B, M, C]. Which shape "
        "have the scores, queries @ keys.mT?",
        formula="B, O, M",
        symbols=SIZES,
        slips={
            "B, M, O": "turned round: a row for each who asks, a column for each who is read.",
            "B, O, C": "the channels are summed away: a score is one number for one pair.",
            "B, O, M, C": "the channels are multiplied and then summed; they are gone.",
            "B*O, B*M": "samples do not meet: each has a map of its own.",
        },
        compute=_scores,
    ),
    "attention.read": Prediction(
        question="and what the queries read, if the values are [B, M, V] with V = 6?",
        formula="B, O, V",
        symbols=SIZES,
        slips={
            "B, O, M": "that is the map; it is spent on the values, and M is summed away.",
            "B, O, C": "C is the width in which queries meet keys; what is read is as wide as V.",
            "B, M, V": "each query gets one weighted mean: as many rows as queries.",
        },
        compute=lambda: attention(*_three_arrays()),
    ),
    "attention.heads": Prediction(
        question="C = 12 channels are split into A = 4 heads. Which shape have all weights "
        "together?",
        formula="B, A, O, M",
        symbols=HEADS,
        slips={
            "B, O, M": "that is one map; each head draws its own.",
            "B, O, M*A": "heads do not lengthen the map: each shares out 1 over all M keys.",
            "B, A, O, C//A": "that is what a head of 3 channels asks with; weights are over keys.",
            "B, O, M//A": "keys are not dealt out: channels are. Every head sees all keys.",
        },
        compute=_weights,
    ),
}
