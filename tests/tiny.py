"""Small models of every kind, with sizes that are all different, and something to feed them."""

from dataclasses import replace

import torch

from perceiver_tutorial import perceiver
from perceiver_tutorial.perceiver import (
    AudioConfig,
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    ImageClassifierConfig,
    LabelConfig,
    LearnedConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PatchStem,
    PixelStem,
    TextClassifierConfig,
    VideoConfig,
)

ENCODER = EncoderConfig(
    num_latents=7,
    latent_channels=12,
    num_blocks=3,
    self_attends_per_block=2,
    self_heads=2,
    cross_heads=1,
)
IMAGES = ImageClassifierConfig(
    encoder=ENCODER,
    stem=PixelStem(),
    positions=FourierConfig(num_bands=5, max_resolution=(8, 10)),
    image_size=(8, 10),
    num_classes=4,
)
TEXT = {"input_channels": 14, "max_bytes": 9}
CONFIGS = {
    "fourier images": IMAGES,
    "learned images": replace(
        IMAGES, stem=Conv1x1Stem(6), positions=LearnedConfig(5, projected_channels=8)
    ),
    "conv images": replace(IMAGES, stem=ConvPoolStem(6), image_size=(32, 24)),
    "patch images": replace(IMAGES, stem=PatchStem(2, channels=6)),
    "masked language": MaskedLanguageConfig(
        encoder=replace(ENCODER, qk_channels=8, v_channels=12),
        decoder=DecoderConfig(query_residual=False, num_heads=2, qk_channels=10, v_channels=14),
        **TEXT,
    ),
    "text classes": TextClassifierConfig(encoder=ENCODER, num_classes=3, **TEXT),
    "optical flow": OpticalFlowConfig(
        encoder=ENCODER,
        positions=FourierConfig(num_bands=3, max_resolution=(6, 8)),
        image_size=(6, 8),
        patch_channels=5,
    ),
    "multimodal": MultimodalConfig(
        encoder=ENCODER,
        image=VideoConfig(3, (8, 4), patch_size=4, positions=FourierConfig(2, (3, 2, 1))),
        audio=AudioConfig(20, samples_per_patch=4, positions=FourierConfig(6, (20,))),
        label=LabelConfig(num_classes=5, query_channels=9),
        output_channels=11,
    ),
}


def raw_for(config: perceiver.PerceiverConfig, batch_size: int = 2):
    """Random raw input: no two samples are alike."""
    zeros = perceiver.example_input(config, batch_size)
    if isinstance(zeros, dict):
        return {name: torch.randn_like(value) for name, value in zeros.items()}
    if zeros.is_floating_point():
        return torch.randn_like(zeros)
    return torch.randint_like(zeros, 262)
