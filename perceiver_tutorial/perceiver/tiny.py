"""The published designs at a size that runs anywhere at once; all axes have different sizes."""

from dataclasses import replace

from .config import (
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    LearnedConfig,
    PerceiverConfig,
    PixelStem,
)
from .tasks import (
    AudioConfig,
    ImageClassifierConfig,
    LabelConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    VideoConfig,
)

ENCODER = EncoderConfig(
    num_latents=7,
    latent_channels=12,
    num_blocks=3,
    layers_per_block=2,
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

TINY: dict[str, PerceiverConfig] = {
    "deepmind/language-perceiver": MaskedLanguageConfig(
        encoder=replace(ENCODER, qk_channels=8, v_channels=12),
        decoder=DecoderConfig(query_residual=False, num_heads=2, qk_channels=10, v_channels=14),
        input_channels=14,
        max_bytes=9,
    ),
    "deepmind/vision-perceiver-learned": replace(
        IMAGES, stem=Conv1x1Stem(6), positions=LearnedConfig(5, projected_channels=8)
    ),
    "deepmind/vision-perceiver-fourier": IMAGES,
    "deepmind/vision-perceiver-conv": replace(IMAGES, stem=ConvPoolStem(6), image_size=(32, 24)),
    "deepmind/optical-flow-perceiver": OpticalFlowConfig(
        encoder=ENCODER,
        positions=FourierConfig(num_bands=3, max_resolution=(6, 8)),
        image_size=(6, 8),
        patch_channels=5,
    ),
    "deepmind/multimodal-perceiver": MultimodalConfig(
        encoder=ENCODER,
        image=VideoConfig(3, (8, 4), patch_size=4, positions=FourierConfig(2, (3, 2, 1))),
        audio=AudioConfig(20, samples_per_patch=4, positions=FourierConfig(6, (20,))),
        label=LabelConfig(num_classes=5, query_channels=9),
        output_channels=11,
    ),
}
