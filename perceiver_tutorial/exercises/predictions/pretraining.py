"""Guesses about Hiera's pre-training: what its decoder answers, and how that tiles the picture."""

from dataclasses import replace

from ...hiera import PUBLISHED
from ...tracing import walk
from .hierarchy import MAE, SIZES
from .kinds import ComputedPrediction, WalkedPrediction

SYMBOLS = {name: SIZES[name] for name in "BHWC"}


def _pooled_thrice() -> tuple[int, ...]:
    config = PUBLISHED[MAE]
    thrice = replace(config, encoder=replace(config.encoder, num_pools=3))
    return walk(thrice)["answer"].shape


PREDICTIONS = {
    "mae.last": WalkedPrediction(
        question="19 mask units are seen. The encoder pools twice, not three times, and starts "
        "with C = 96 channels. Which shape leaves its last stage?",
        formula="B, 19 * 4, 8*C",
        symbols=SYMBOLS,
        slips={
            "B, 19, 8*C": "so it is after three pools; after two a unit has 2 x 2 tokens left.",
            "B, 19 * 4, 4*C": "stage 4 is wider than stage 3, whether it pools or not.",
            "B, 19 * 16, 8*C": "64 tokens of a unit become 16 and then 4.",
            "B, 196, 8*C": "the hidden units come back in the decoder only.",
        },
        model=MAE,
        stage="encoder.stages.3.1",
    ),
    "mae.answer": WalkedPrediction(
        question="the decoder answers with pixels, one row for each of its tokens, for the whole "
        "picture of H x W = 224 x 224. A token stands 16 pixels from the next. Which shape?",
        formula="B, (H//16) * (W//16), 3 * 16 * 16",
        symbols=SYMBOLS,
        slips={
            "B, 120, 3 * 16 * 16": "it answers for seen units, too; only the loss leaves them out.",
            "B, (H//16) * (W//16), 16 * 16": "every pixel has three colours.",
            "B, (H//16) * (W//16), 8*C": "768 is right by chance: pixels, not channels.",
            "B, (H//32) * (W//32), 3 * 32 * 32": "so it would be with three pools.",
        },
        model=MAE,
        stage="answer",
    ),
    "mae.pooled-thrice": ComputedPrediction(
        question="and if the encoder pooled three times, as the classifier does?",
        formula="B, (H//32) * (W//32), 3 * 32 * 32",
        symbols=SYMBOLS,
        slips={
            "B, (H//32) * (W//32), 3 * 16 * 16": "the patches would no longer cover the picture.",
            "B, (H//16) * (W//16), 3 * 16 * 16": "another pool makes one token of 2 x 2.",
        },
        compute=_pooled_thrice,
    ),
}
