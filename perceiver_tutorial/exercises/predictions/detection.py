"""Guesses about sounds that are read and things that are found."""

import torch

from ...perceiver.config import EncoderConfig, FourierConfig, PatchStem
from ...perceiver.tasks import AudioClassifierConfig, DetectionConfig
from ...tracing import walk
from .kinds import ComputedPrediction

SOUND = {"B": 1, "S": 30720, "P": 16, "K": 192}
PICTURE = {"B": 1, "H": 224, "W": 224, "O": 100, "L": 91}
ENCODER = EncoderConfig(
    num_latents=512,
    latent_channels=1024,
    num_blocks=8,
    self_attends_per_block=6,
    self_heads=8,
    cross_heads=1,
)


def _sound_rows() -> tuple[int, ...]:
    config = AudioClassifierConfig(ENCODER, FourierConfig(192, (1920,)))
    return walk(config)["preprocessor"].shape


def _class_scores() -> torch.Size:
    config = DetectionConfig(ENCODER, PatchStem(16, channels=512), FourierConfig(64, (14, 14)))
    with torch.device("meta"):
        model, raw = config.build(), config.example_input()
    return model(raw)["classes"].shape


PREDICTIONS = {
    "audio.input-array": ComputedPrediction(
        question="a sound of S = 30720 samples, P = 16 of them in a patch, with Fourier positions "
        "of K = 192 bands appended. Which shape has the input array?",
        formula="B, S//P, P + 2*K + 1",
        symbols=SOUND,
        slips={
            "B, S, 1 + 2*K + 1": "a patch is one input, and its samples are the channels.",
            "B, S//P, P": "when a patch is heard stands in further channels.",
            "B, S//P, 2*K + 1": "those are the positions; the samples come before them.",
            "B, S//P, P + K": "each band has a sine and a cosine, and the raw time comes first.",
            "B, S//P, P + 2*K": "the raw time, from -1 to 1, is one channel more.",
        },
        compute=_sound_rows,
    ),
    "detection.classes": ComputedPrediction(
        question="a detector asks O = 100 learned queries about an image of H x W pixels; things "
        "are of L = 91 classes. Which shape have the class scores?",
        formula="B, O, L + 1",
        symbols=PICTURE,
        slips={
            "B, O, L": "most queries have nothing to tell: \"nothing\" is a class as well.",
            "B, L + 1": "each query is answered with scores of its own.",
            "B, O, L + 1 + 4": "the four numbers of a box are an answer beside this one.",
            "B, H*W, L + 1": "pixels are not asked about: learned queries are.",
        },
        compute=_class_scores,
    ),
}  # fmt: skip
