"""Small models of every kind, and something to feed them."""

from dataclasses import replace

import torch

from perceiver_tutorial import perceiver
from perceiver_tutorial.perceiver import TINY, PatchStem, TextClassifierConfig
from perceiver_tutorial.perceiver.tiny import ENCODER, IMAGES

CONFIGS = {
    "fourier images": IMAGES,
    "learned images": TINY["deepmind/vision-perceiver-learned"],
    "conv images": TINY["deepmind/vision-perceiver-conv"],
    "averaged images": replace(
        IMAGES,
        encoder=replace(ENCODER, cross_schedule=(0, 1, 1), block_schedule=(0, 1, 1)),
        decoder=None,
    ),
    "patch images": replace(IMAGES, stem=PatchStem(2, channels=6)),
    "masked language": TINY["deepmind/language-perceiver"],
    "text classes": TextClassifierConfig(
        encoder=ENCODER, num_classes=3, input_channels=14, max_bytes=9
    ),
    "token labels": perceiver.TokenClassifierConfig(
        ENCODER, num_labels=5, ask="places", input_channels=14, max_bytes=9
    ),
    "answer spans": perceiver.SpanConfig(ENCODER, input_channels=14, max_bytes=9),
    "optical flow": TINY["deepmind/optical-flow-perceiver"],
    "multimodal": TINY["deepmind/multimodal-perceiver"],
    "entities": perceiver.EntityConfig(ENCODER, num_features=6, channels=10, num_entities=9),
}


def raw_for(config: perceiver.PerceiverConfig, batch_size: int = 2):
    """Random raw input: no two samples are alike."""
    zeros = perceiver.example_input(config, batch_size)
    if isinstance(zeros, dict):
        return {name: torch.randn_like(value) for name, value in zeros.items()}
    if zeros.is_floating_point():
        return torch.randn_like(zeros)
    return torch.randint_like(zeros, 262)
