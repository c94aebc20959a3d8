"""Guesses about attention: who asks, who is read, how wide."""

import torch

from ...attention import MultiHeadAttention, attend
from ...taps import listen
from .kinds import ComputedPrediction

SIZES = {"B": 2, "O": 3, "M": 5, "C": 4, "V": 6}
HEADS = {"B": 2, "O": 3, "M": 5, "C": 12, "A": 4}


def _asked_and_read() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return torch.zeros(2, 3, 4), torch.zeros(2, 5, 4), torch.zeros(2, 5, 6)


def _scores() -> torch.Tensor:
    queries, keys, _ = _asked_and_read()
    return queries @ keys.mT


def _weights() -> torch.Tensor:
    attention = MultiHeadAttention(12, num_heads=4)
    with listen(attention, "weights") as heard:
        attention(torch.zeros(2, 3, 12), torch.zeros(2, 5, 12))
    return heard["weights"][0]


PREDICTIONS = {
    "attention.scores": ComputedPrediction(
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
    "attention.read": ComputedPrediction(
        question="and what the queries read, if the values are [B, M, V] with V = 6?",
        formula="B, O, V",
        symbols=SIZES,
        slips={
            "B, O, M": "that is the map; it is spent on the values, and M is summed away.",
            "B, O, C": "C is the width in which queries meet keys; what is read is as wide as V.",
            "B, M, V": "each who asks gets one mixture: as many rows as queries.",
        },
        compute=lambda: attend(*_asked_and_read()),
    ),
    "attention.heads": ComputedPrediction(
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
