"""Guesses about the published masked language model."""

import torch

from ...perceiver import TINY, build
from .kinds import ComputedPrediction, WalkedPrediction

LANGUAGE = "deepmind/language-perceiver"
BYTES = {"B": 1, "M": 2048, "C": 768, "N": 256, "D": 1280, "V": 262}


def _nine_places() -> torch.Tensor:
    with torch.device("meta"):
        model = build(TINY[LANGUAGE])
        ids = torch.zeros(1, 9, dtype=torch.long)
        return model.decode(model.encode(ids), ids, points=torch.arange(4))


PREDICTIONS = {
    "language.queries": WalkedPrediction(
        question="2,048 bytes, each embedded in 768 channels; 256 latents of width 1,280. The "
        "decoder is asked for the byte at every place. Which shape have its queries?",
        formula="B, M, C",
        symbols=BYTES,
        slips={
            "B, N, D": "these are the latents: they are read here, they do not ask.",
            "B, M, D": "a query need not be as wide as what it reads: maps to a common width "
            "come in between.",
            "B, 1, C": "one query is enough for one class; here every place is asked about.",
            "B, M, V": "262 is the width of the answer; a question is no list of scores.",
        },
        model=LANGUAGE,
        stage="queries",
    ),
    "language.output-array": WalkedPrediction(
        question="the queries read the latents. Which shape has the output array?",
        formula="B, M, C",
        symbols=BYTES,
        slips={
            "B, M, D": "so says the post, too: 1,280 is an argument that this decoder never uses.",
            "B, N, C": "who asks decides how many rows there are: places, not latents.",
            "B, M, V": "not yet: this decoder ends without a linear map.",
        },
        model=LANGUAGE,
        stage="decoder",
    ),
    "language.answer": WalkedPrediction(
        question="and the scores for each place?",
        formula="B, M, V",
        symbols=BYTES,
        slips={
            "B, M, 256": "256 bytes and 6 special ids can stand in a place.",
            "B, V": "every place has scores of its own.",
            "B, M, C": "every row is compared with all 262 embeddings.",
        },
        model=LANGUAGE,
        stage="answer",
    ),
    "language.four-places": ComputedPrediction(
        question="9 bytes are encoded, 4 of them are hidden, and only those are decoded. Which "
        "shape has the answer?",
        formula="B, P, V",
        symbols={"B": 1, "M": 9, "P": 4, "V": 262},
        slips={
            "B, M, V": "places that nobody asks about are not answered.",
            "B, P": "every answer is a score for each of 262 ids.",
        },
        compute=_nine_places,
    ),
}
