"""Guesses about heads of one's own: who is asked, and what every byte answers."""

from ...perceiver import TEXT_CLASSIFIER, PerceiverConfig, SpanConfig, TokenClassifierConfig
from ...tracing import walk
from .kinds import ComputedPrediction

TAGGER = TokenClassifierConfig(encoder=TEXT_CLASSIFIER.encoder, num_labels=4)
POINTER = SpanConfig(encoder=TEXT_CLASSIFIER.encoder)
SYMBOLS = {"B": 1, "M": 2048, "C": 768, "N": 256, "D": 1280, "L": 4}


def _stage(config: PerceiverConfig, name: str) -> tuple[int, ...]:
    return walk(config)[name].shape


PREDICTIONS = {
    "names.queries": ComputedPrediction(
        question="2048 bytes with 768 channels are read by 256 latents of width 1280. Each byte "
        "shall get one of L = 4 labels, and the bytes themselves ask. Which shape have the "
        "queries?",
        formula="B, M, C",
        symbols=SYMBOLS,
        slips={
            "B, L, D": "labels are the channels of an answer; every byte wants one.",
            "B, 1, D": "one question gets one answer, about the whole text.",
            "B, M, D": "the bytes ask as they are, 768 wide; attention joins two widths.",
            "B, N, D": "those are the latents, which are read.",
        },
        compute=lambda: _stage(TAGGER, "queries"),
    ),
    "names.answer": ComputedPrediction(
        question="and the answer?",
        formula="B, M, L",
        symbols=SYMBOLS,
        slips={
            "B, M": "a score for each label; which one wins is decided later.",
            "B, L": "that would be one label for the whole text.",
            "B, M, C": "a linear map turns the 768 channels of an output row into 4 scores.",
        },
        compute=lambda: _stage(TAGGER, "answer"),
    ),
    "answers.answer": ComputedPrediction(
        question="the same machine shall point at an answer in the text: at its first byte and at "
        "its last. Which shape has what comes out?",
        formula="B, M, 2",
        symbols=SYMBOLS,
        slips={
            "B, 2": "places are no scores: every byte says how well the answer begins there.",
            "B, 2, M": "one row for each byte, as everywhere; scores are its channels.",
            "B, M, M": "that scores every pair of bytes; two scores for each byte suffice.",
        },
        compute=lambda: _stage(POINTER, "answer"),
    ),
}
