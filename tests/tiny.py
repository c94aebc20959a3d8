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
    "patch images": replace(IMAGES, stem=PatchStem(2, channels=6)),
    "masked language": TINY["deepmind/language-perceiver"],
    "text classes": TextClassifierConfig(
        encoder=ENCODER, num_classes=3, input_channels=14, max_bytes=9
    ),
    "optical flow": TINY["deepmind/optical-flow-perceiver"],
    "multimodal": TINY["deepmind/multimodal-perceiver"],
}


def raw_for(config: perceiver.PerceiverConfig, batch_size: int = 2):
    """Random raw input: no two samples are alike."""
    zeros = perceiver.example_input(config, batch_size)
    if isinstance(zeros, dict):
        return {name: torch.randn_like(value) for name, value in zeros.items()}
    if zeros.is_floating_point():
        return torch.randn_like(zeros)
    return torch.randint_like(zeros, 262)
