"""Guesses about reading: maps and widths of the language model's first cross-attend."""

from .kinds import WalkedPrediction

LANGUAGE = "deepmind/language-perceiver"
READING = {"B": 1, "A": 8, "N": 256, "D": 1280, "M": 2048, "C": 768, "Q": 256, "V": 1280}


PREDICTIONS = {
    "cross.map": WalkedPrediction(
        question="in the published language model N = 256 latents, D = 1280 wide, read M = 2048 "
        "bytes, C = 768 wide, with A = 8 heads. Queries and keys are Q = 256 wide, values "
        "V = 1280. Which shape have the maps of all heads together?",
        formula="B, A, N, M",
        symbols=READING,
        slips={
            "B, A, M, N": "turned round: a row for each latent that asks, a column for each byte.",
            "B, A, N, N": "that is a map of thinking; here latents look at bytes.",
            "B, A, M, M": "that is what a plain Transformer would need.",
            "B, N, M": "each head draws a map of its own.",
            "B, A, N, D": "a map says how much is read of each byte; it has no channels.",
        },
        model=LANGUAGE,
        stage="encoder.reads.0.attention.weights",
        depth=None,
    ),
    "cross.keys": WalkedPrediction(
        question="and the keys, before they are split into heads?",
        formula="B, M, Q",
        symbols=READING,
        slips={
            "B, M, C": "a linear map makes keys of the bytes, at the width where queries wait.",
            "B, N, Q": "those are the queries; every byte has a key.",
            "B, M, D": "the latents' width does not come in: both sides are mapped to Q.",
            "B, M, V": "those are the values.",
        },
        model=LANGUAGE,
        stage="encoder.reads.0.attention.to_keys",
        depth=None,
    ),
    "cross.output": WalkedPrediction(
        question="and what comes out of the cross-attend?",
        formula="B, N, D",
        symbols=READING,
        slips={
            "B, M, D": "a row for each who asks; the bytes are mixed away.",
            "B, N, C": "what is read is C wide; what comes out is as wide as who asks.",
            "B, N, V": "so wide is the mixture; a last linear map brings it to the latents' width.",
        },
        model=LANGUAGE,
        stage="encoder.reads.0",
    ),
}
