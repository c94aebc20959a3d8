"""Exercises about attention: masks, a broken formula, a hunt, the narrowest head that looks up."""

from collections.abc import Callable

import torch
from torch import Tensor

from perceiver_tutorial.attention import MultiHeadAttention, attention, attention_weights
from perceiver_tutorial.hooks import record

from ...kit.exercises import BugHunt, Exercise, NotYet, Project, Repair, Slip, Stage
from ...kit.predictions import Prediction


def _causal(length: int, window: int, is_turned: bool = False, first: int = 0, gap: int = 0):
    place = torch.arange(length)
    behind = place[:, None] - place
    behind = -behind if is_turned else behind
    return (behind >= first) & (behind < window + gap)


CAUSAL_MASK = Exercise(
    task="return the mask [length, length], True where a query (row) may attend to a key (column): "
    "to its own position and to earlier ones, `window` positions in all. (A window of `length` is "
    "the usual causal mask.)",
    inputs=lambda draw: ((sizes := sorted(draw.sizes(2, low=3, high=9)))[1], sizes[0] - 1),
    reference=_causal,
    slips=(
        Slip("transposed: rows are queries, columns are keys.", {"is_turned": True}),
        Slip("a position may attend to itself.", {"first": 1}),
        Slip("the window is one position too wide: it includes the query's own.", {"gap": 1}),
        Slip(
            "all earlier positions are allowed; only the last `window` should be.",
            lambda length, _window: _causal(length, length),
        ),
        Slip(
            "the other way round: True means that a query may attend.",
            lambda length, window: ~_causal(length, window),
        ),
    ),
)


def _weight_sums(function: Callable, draw) -> str:
    n, m, f, _ = draw.sizes(4, low=2, high=9)
    sums = function(draw.randn(2, n, f), draw.randn(2, m, f), torch.ones(2, m, 1))
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
        return ""
    return (
        "all values are 1, so every weighted average of them is 1; the outputs are "
        f"{sums.min():.2f} to {sums.max():.2f}."
    )


def _variance(function: Callable, draw) -> str:
    width = 16 * draw.size(4, 16)
    q, k = draw.randn(1, 400, width), draw.randn(1, 8, width)
    weights, wanted = function(q, k, torch.eye(8)[None]), attention_weights(q, k)
    if torch.allclose(weights, wanted, atol=1e-4):
        return ""
    return (
        f"with {width} channels and 8 keys the largest weight is {weights.amax(-1).mean():.2f} on "
        f"average, and should be {wanted.amax(-1).mean():.2f}; single weights differ by up to "
        f"{(weights - wanted).abs().max():.2f}."
    )


ATTENTION_REPAIR = Repair(
    task="`attention(q, k, v)` returns a weighted average of the values for each query.",
    stages=(
        Stage(_weight_sums, "Look at the axis of the softmax: [batch, queries, keys]."),
        Stage(_variance, "Look at the scale: the width of queries and keys, and its root."),
    ),
)


def _row_and_mask() -> tuple[Tensor, Tensor]:
    """Two samples of 5 rows, of which the first 3 may be attended to."""
    x = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(0))
    return x, (torch.arange(5) < 3).expand(2, 5)


def _masked(weigh: Callable) -> Callable:
    """Self-attention whose weights are made from scores and mask [batch, 1, keys]."""
    return lambda x, mask: weigh(x @ x.mT / 2, mask[:, None]) @ x


def _is_silent(attend: Callable) -> bool:
    x, mask = _row_and_mask()
    never_there = attend(x[:, :3], mask[:, :3])
    return torch.allclose(attend(x, mask)[:, :3], never_there, atol=1e-6)


HIDDEN_IS_SILENT = BugHunt(
    task="`attend(x, mask)` is self-attention of the rows of x [2, 5, 4]; mask [2, 5] is True "
    "where a row may be attended to. Return whether a masked row is as good as not there.",
    inputs=_row_and_mask,
    right=lambda x, mask: attention(x, x, x, mask[:, None]),
    bugs={
        "masks what should stay": _masked(
            lambda scores, mask: scores.masked_fill(mask, -1e9).softmax(-1)
        ),
        "a score of 0 still gets a weight": _masked(
            lambda scores, mask: scores.masked_fill(~mask, 0.0).softmax(-1)
        ),
        "masks queries, not keys": _masked(
            lambda scores, mask: scores.masked_fill(~mask.mT, -1e9).softmax(-1)
        ),
        "masks after the softmax": _masked(lambda scores, mask: scores.softmax(-1) * mask),
        "adds 1 instead of minus infinity": _masked(
            lambda scores, mask: (scores + mask).softmax(-1)
        ),
    },
    reference=_is_silent,
)

ITEMS, LARGEST, ENOUGH = 64, 3.0, 0.9


def _pair(answer: Callable) -> tuple[Tensor, Tensor]:
    """Queries and keys of an answer.

    Raises:
        NotYet: if they are no two matrices of 64 rows and one width.
    """
    found = answer()
    if not (isinstance(found, tuple) and len(found) == 2):
        raise NotYet("expected (queries, keys), two tensors [64, F].")
    queries, keys = (torch.as_tensor(each).float() for each in found)
    if queries.ndim != 2 or queries.shape != keys.shape or len(queries) != ITEMS:
        raise NotYet(
            f"expected queries and keys [64, F], got {tuple(queries.shape)} and "
            f"{tuple(keys.shape)}."
        )
    return queries, keys


def _failures(answer: Callable) -> int:
    return int((attention_weights(*_pair(answer)).diagonal() < ENOUGH).sum())


def random_signs(width: int) -> tuple[Tensor, Tensor]:
    """Queries and keys of 64 items: random signs, as large as allowed."""
    signs = torch.randint(2, (ITEMS, width), generator=torch.Generator().manual_seed(0))
    rows = LARGEST * (2.0 * signs - 1)
    return rows, rows


def _is_enough(width: int) -> bool:
    return not _failures(lambda: random_signs(width))


LOOKUP = Project(
    name="attention.lookup",
    task="queries and keys [64, F] with entries from -3 to 3, so that query i gives key i a weight "
    "of at least 0.9, for all 64. Return both from `lookup()`; the score is the width F.",
    score=lambda answer: _pair(answer)[0].shape[1],
    rivals={
        "random signs": next(width for width in range(1, 65) if _is_enough(width)),
    },
    limits={
        "as largest entry": (lambda f: max(float(each.abs().max()) for each in _pair(f)), LARGEST),
        "queries fail": (_failures, 0),
    },
    is_lower_better=True,
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
        question="B = 2 samples, O = 3 queries [B, O, C] and M = 5 keys [B, M, C]. What is the "
        "shape of the scores, q @ k.transpose(-2, -1)?",
        formula="B, O, M",
        symbols=SIZES,
        slips={
            "B, M, O": "transposed: a row for each query, a column for each key.",
            "B, O, C": "the channels are summed: a score is one number for a query and a key.",
            "B, O, M, C": "the channels are multiplied and then summed; they are gone.",
            "B*O, B*M": "samples stay apart: each has scores of its own.",
        },
        compute=_scores,
    ),
    "attention.output": Prediction(
        question="and the shape of the output, if the values are [B, M, V] with V = 6?",
        formula="B, O, V",
        symbols=SIZES,
        slips={
            "B, O, M": "those are the weights; the sum over M is taken.",
            "B, O, C": "C is the width of queries and keys; the output is as wide as the values.",
            "B, M, V": "each query gets one weighted average: as many rows as queries.",
        },
        compute=lambda: attention(*_three_arrays()),
    ),
    "attention.heads": Prediction(
        question="O = 3 queries and M = 5 keys of C = 12 channels, split into A = 4 heads. What is "
        "the shape of the attention weights of all heads?",
        formula="B, A, O, M",
        symbols=HEADS,
        slips={
            "B, O, M": "those are the weights of one head; every head has its own.",
            "B, O, M*A": "heads do not lengthen the rows: each has weights over all M keys.",
            "B, A, O, C//A": "those are the queries of each head; weights are over keys.",
            "B, O, M//A": "keys are not divided among heads, channels are. All heads see all keys.",
        },
        compute=_weights,
    ),
}
