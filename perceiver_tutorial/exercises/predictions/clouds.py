"""Guesses about clouds: how wide a point is, who reads it, and what comes out."""

import torch

from ...perceiver import MODELNET40, EncoderConfig, FourierConfig, PointCloudConfig, build
from ...taps import listen
from ...tracing import walk
from .kinds import ComputedPrediction

SMALL = PointCloudConfig(
    encoder=EncoderConfig(
        num_latents=24,
        latent_channels=8,
        num_blocks=1,
        self_attends_per_block=1,
        self_heads=2,
        cross_heads=1,
    ),
    positions=FourierConfig(num_bands=6, max_resolution=(10, 10, 10)),
    num_classes=14,
)


def _map_of_half() -> torch.Tensor:
    model = build(SMALL)
    with listen(model, "encoder.reads.0.*.weights") as heard:
        model(torch.zeros(2, 64, 3))
    return heard["encoder.reads.0.attention.weights"][0]


def _answer_to_padded() -> torch.Tensor:
    keep = torch.arange(9) < torch.tensor([[9], [5], [2]])
    return build(SMALL)(torch.zeros(3, 9, 3), keep)


PREDICTIONS = {
    "clouds.input-array": ComputedPrediction(
        question="a cloud of M = 2048 points of three coordinates and nothing else; K = 64 bands "
        "for each coordinate. Which shape has the input array?",
        formula="B, M, 3*(2*K + 1)",
        symbols={"B": 1, "M": 2048, "K": 64},
        slips={
            "B, M, 3 + 3*(2*K + 1)": "the place is all there is; it is not appended once more.",
            "B, M, 3*2*K": "every coordinate is also kept as it is.",
            "B, M, 2*K + 1": "there are three coordinates, each with waves of its own.",
            "B, M, 3": "that is the raw cloud; the coordinates are written as waves, too.",
        },
        compute=lambda: walk(MODELNET40, depth=1)["preprocessor"].shape,
    ),
    "clouds.map-of-half": ComputedPrediction(
        question="a model with N = 24 latents and A = 1 head was trained on clouds of 128 points. "
        "It is given B = 2 clouds of M = 64. Which shape has the map of who reads which point?",
        formula="B, A, N, M",
        symbols={"B": 2, "A": 1, "N": 24, "M": 64},
        slips={
            "B, A, N, 2*M": "nothing in the model knows how many points there were in training.",
            "B, A, M, M": "the latents ask, not the points.",
            "B, A, M, N": "a row for everyone who asks, a column for everyone who is read.",
        },
        compute=_map_of_half,
    ),
    "clouds.padded": ComputedPrediction(
        question="B = 3 clouds of 9, 5 and 2 points are padded to M = 9 and read with keep; the "
        "model knows L = 14 bodies. Which shape has the answer?",
        formula="B, L",
        symbols={"B": 3, "M": 9, "L": 14},
        slips={
            "B, M, L": "one query asks: which body? Points get no answer of their own.",
            "9 + 5 + 2, L": "a cloud is one sample, however many points it has.",
            "L": "every cloud of the batch gets its scores.",
        },
        compute=_answer_to_padded,
    ),
}
