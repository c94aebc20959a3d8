"""Guesses about what is asked and what is answered."""

import torch

from ...perceiver import TINY, build
from ...tracing import walk
from .kinds import ComputedPrediction

MULTIMODAL = "deepmind/multimodal-perceiver"
CHUNK = {"image": 6272, "audio": 15, "label": 1}
SYMBOLS = {"B": 1, "I": 6272, "S": 15, "P": 16}


def _chunk_stage(stage: str, key: str = "") -> tuple[int, ...]:
    points = {name: torch.arange(count) for name, count in CHUNK.items()}
    outputs = walk(MULTIMODAL, points=points, depth=3)[stage].outputs
    return next(output.sizes for output in outputs if output.key == key)


def _few_motions() -> torch.Tensor:
    flow = build(TINY["deepmind/optical-flow-perceiver"])
    patches = torch.zeros(2, 2, 27, 6, 8)
    return flow.decode(flow.encode(patches), patches, points=torch.tensor([0, 7, 47]))


PREDICTIONS = {
    "multimodal.asked": ComputedPrediction(
        question="one chunk asks about I = 6272 pixels, S = 15 patches of sound and 1 label. Their "
        "queries, 195, 385 and 1024 wide, are padded to a common width, of which even the widest "
        "gets 2 channels. Which shape has the array of all queries?",
        formula="B, I + S + 1, 1024 + 2",
        symbols=SYMBOLS,
        slips={
            "B, I + S, 1024 + 2": "the label is asked about as well.",
            "B, I + S + 1, 1024": "even the widest queries are padded, by 2 learned channels.",
            "B, I + S + 1, 195 + 385 + 1024": "rows follow one another; channels are not joined.",
            "B, 3*I + S + 1, 1024 + 2": "one query for each pixel: colours are the answer.",
        },
        compute=lambda: _chunk_stage("decoder.decoder.read"),
    ),
    "multimodal.heard": ComputedPrediction(
        question="S = 15 output rows of sound become samples, P = 16 from each row. Which shape "
        "has the answer?",
        formula="B, S*P",
        symbols=SYMBOLS,
        slips={
            "B, S": "each row is answered with a patch of samples.",
            "B, S, P": "the patches are put end to end: sound has one axis.",
            "B, S*P, 512": "a linear map has turned the 512 channels into samples.",
        },
        compute=lambda: _chunk_stage("answer", "audio"),
    ),
    "flow.few-points": ComputedPrediction(
        question="a batch of B = 2 pairs of frames of H x W = 6 x 8 pixels; decode with O = 3 "
        "points. Which shape has the flow?",
        formula="B, O, 2",
        symbols={"B": 2, "O": 3, "H": 6, "W": 8},
        slips={
            "B, H, W, 2": "only the answer to all queries has the picture's shape.",
            "O, 2": "the same points are asked of every sample.",
            "B, O": "how far to the right and how far down: two numbers for each point.",
        },
        compute=_few_motions,
    ),
}
