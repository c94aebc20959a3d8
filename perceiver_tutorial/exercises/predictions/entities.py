"""Guesses about sets of entities: what comes out, and how large the maps are."""

import torch

from ...perceiver import ALPHASTAR_ENTITIES, EntityConfig, build
from ...perceiver.tiny import ENCODER
from ...tracing import cost
from .kinds import ComputedPrediction


def _scores() -> torch.Tensor:
    model = build(EntityConfig(ENCODER, num_features=6, channels=20))
    return model(torch.zeros(3, 13, 6))


def _map_cells() -> tuple[int, ...]:
    counted = cost(ALPHASTAR_ENTITIES)
    stages = ("encoder.reads.0", "encoder.blocks.0.0", "decoder.read")
    heads = ALPHASTAR_ENTITIES.encoder.self_heads
    return tuple(counted[stage].map_bytes // 4 // heads for stage in stages)


PREDICTIONS = {
    "entities.scores": ComputedPrediction(
        question="B = 3 situations of M = 13 units of F = 6 features; N = 7 latents read them, and "
        "the units, embedded to C = 20 channels, ask: shall one point at me? Which shape have the "
        "scores?",
        formula="B, M",
        symbols={"B": 3, "M": 13, "F": 6, "N": 7, "C": 20},
        slips={
            "B, N": "the latents are asked; a score comes back for each who asks.",
            "B, M, 1": "one score for each unit: the last axis, of length 1, is dropped.",
            "B, M, M": "each unit gets one score, not one for each other unit.",
            "B, M, C": "a linear map turns the 20 channels of a row into one score.",
            "B, 1": "that would be one answer for the whole set; here every unit asks.",
        },
        compute=_scores,
    ),
    "entities.maps": ComputedPrediction(
        question="M = 512 entities, N = 32 latents. How many cells has the attention map of one "
        "head in reading, in one turn of thinking, in answering? Give three numbers.",
        formula="N*M, N*N, M*N",
        symbols={"M": 512, "N": 32},
        slips={
            "M*M, M*M, M*M": "that is a Transformer on the entities; here no entity reads another.",
            "N*M, M*M, M*N": "thinking is among the latents.",
            "N*M, N*N, N": "every entity asks, not just one query.",
            "N*M, N*N, N*N": "those who ask in the end are the 512 entities.",
        },
        compute=_map_cells,
    ),
}
