"""Guesses about texts: how many ids, how wide an input, who asks for a class."""

from collections.abc import Callable

from ...perceiver import TEXT_CLASSIFIER, encode_text
from ...tracing import walk
from .kinds import ComputedPrediction, WalkedPrediction

CLASSIFIER = {"B": 1, "M": 2048, "C": 768, "N": 256, "D": 1280, "L": 2}


def _stage(name: str) -> Callable[[], tuple[int, ...]]:
    return lambda: walk(TEXT_CLASSIFIER)[name].shape


PREDICTIONS = {
    "bytes.ids": ComputedPrediction(
        question="the text 'é 漢😀' becomes ids, with [CLS] and [SEP]. Which shape have they?",
        formula="B, 1 + 2 + 1 + 3 + 4 + 1",
        symbols={"B": 1},
        slips={
            "B, 1 + 1 + 1 + 1 + 1 + 1": "one id for each byte, not for each character.",
            "B, 2 + 1 + 3 + 4": "[CLS] and [SEP] are ids as well.",
            "B, 1 + 2 + 3 + 4 + 1": "the space is a byte, too.",
        },
        compute=lambda: encode_text(["é 漢😀"], length=None).ids,
    ),
    "bytes.input-array": WalkedPrediction(
        question="2048 ids become an input array; every id has a row of 768. Which shape has it?",
        formula="B, M, C",
        symbols=CLASSIFIER,
        slips={
            "B, M, 2*C": "positions are added here, not appended: the width stays.",
            "B, M, 262": "that would be one-hot; a table turns each id into 768 numbers.",
            "B, C, M": "one row for each byte; channels come last.",
            "B, M, D": "1280 is the latents' width; what they read may have another.",
        },
        model="deepmind/language-perceiver",
        stage="preprocessor",
    ),
    "text-classes.query": ComputedPrediction(
        question="a text classifier with 256 latents of width 1280 and 2 classes asks one "
        "question. Which shape has the query?",
        formula="B, 1, D",
        symbols=CLASSIFIER,
        slips={
            "B, 1, L": "so says the post; but a query is as wide as a latent.",
            "B, L, D": "one query asks for all classes together, not one query for each.",
            "B, N, D": "those are the latents, which are read; the query reads them.",
            "B, M, C": "those are the inputs; a query for each is what guessing bytes needs.",
        },
        compute=_stage("queries"),
    ),
    "text-classes.output": ComputedPrediction(
        question="and what comes out of the decoder's cross-attend?",
        formula="B, 1, D",
        symbols=CLASSIFIER,
        slips={
            "B, 1, L": "not yet scores: a linear map makes them of this row afterwards.",
            "B, N, D": "as many rows come out as ask.",
            "B, D": "the axis of the one query is still there.",
        },
        compute=_stage("decoder"),
    ),
    "text-classes.answer": ComputedPrediction(
        question="and the answer?",
        formula="B, L",
        symbols=CLASSIFIER,
        slips={
            "B, 1, L": "the axis of the one query is squeezed away at the end.",
            "B, L, D": "a linear map turns 1280 channels into 2 scores.",
        },
        compute=_stage("answer"),
    ),
}
