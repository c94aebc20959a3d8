"""The six published Perceivers, under the names of their checkpoints."""

from dataclasses import replace
from typing import Any

from .. import zoo
from ..inputs import look_up
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
from .model import PerceiverIO
from .tasks import (
    AudioConfig,
    EntityConfig,
    ImageClassifierConfig,
    LabelConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PointCloudConfig,
    TextClassifierConfig,
    VideoConfig,
)

LANGUAGE_PERCEIVER = MaskedLanguageConfig(
    encoder=EncoderConfig(
        num_latents=256,
        latent_channels=1280,
        num_blocks=1,
        layers_per_block=26,
        self_heads=8,
        cross_heads=8,
        qk_channels=256,
        v_channels=1280,
    ),
    decoder=DecoderConfig(query_residual=False, num_heads=8, qk_channels=256, v_channels=768),
)

TEXT_CLASSIFIER = TextClassifierConfig(encoder=LANGUAGE_PERCEIVER.encoder, num_classes=2)

VISION_PERCEIVER_FOURIER = ImageClassifierConfig(
    encoder=EncoderConfig(
        num_latents=512,
        latent_channels=1024,
        num_blocks=8,
        layers_per_block=6,
        self_heads=8,
        cross_heads=1,
    ),
    stem=PixelStem(),
    positions=FourierConfig(num_bands=64, max_resolution=(224, 224)),
)

VISION_PERCEIVER_LEARNED = replace(
    VISION_PERCEIVER_FOURIER,
    stem=Conv1x1Stem(channels=256),
    positions=LearnedConfig(channels=256, projected_channels=256),
)

VISION_PERCEIVER_CONV = replace(
    VISION_PERCEIVER_FOURIER,
    stem=ConvPoolStem(channels=64),
    positions=FourierConfig(num_bands=64, max_resolution=(56, 56)),
)

OPTICAL_FLOW_PERCEIVER = OpticalFlowConfig(
    encoder=EncoderConfig(
        num_latents=2048,
        latent_channels=512,
        num_blocks=1,
        layers_per_block=24,
        self_heads=16,
        cross_heads=1,
    ),
    positions=FourierConfig(num_bands=64, max_resolution=(368, 496)),
)

MULTIMODAL_PERCEIVER = MultimodalConfig(
    encoder=EncoderConfig(
        num_latents=784,
        latent_channels=512,
        num_blocks=1,
        layers_per_block=8,
        self_heads=8,
        cross_heads=1,
    ),
    image=VideoConfig(
        num_frames=16,
        image_size=(224, 224),
        patch_size=4,
        positions=FourierConfig(num_bands=32, max_resolution=(16, 56, 56)),
    ),
    audio=AudioConfig(
        num_samples=30720,
        samples_per_patch=16,
        positions=FourierConfig(num_bands=192, max_resolution=(30720,)),
    ),
    label=LabelConfig(num_classes=700, query_channels=1024),
)

# The first Perceiver's, 2103.03206 4.4: it attends to its inputs twice, with weights of its own
# each time, and averages its latents. No weights were published.
MODELNET40 = PointCloudConfig(
    encoder=EncoderConfig(
        num_latents=512,
        latent_channels=1024,
        num_blocks=2,
        layers_per_block=6,
        self_heads=8,
        cross_heads=1,
        cross_schedule=(0, 1),
    ),
    positions=FourierConfig(num_bands=64, max_resolution=(2240, 2240, 2240)),
    decoder=None,
)

# As in AlphaStar: 512 entities, 32 latents, 3 layers. The width, the heads and the MLP of four
# times the width are those of AlphaStar's own Transformer, as public reimplementations have it.
ALPHASTAR_ENTITIES = EntityConfig(
    encoder=EncoderConfig(
        num_latents=32,
        latent_channels=256,
        num_blocks=1,
        layers_per_block=3,
        self_heads=2,
        cross_heads=2,
        cross_widening_factor=4,
        self_widening_factor=4,
    ),
    num_features=256,
    channels=256,
    num_outputs=256,
    num_entities=512,
    decoder=DecoderConfig(num_heads=2),
)

PUBLISHED: dict[str, PerceiverConfig] = {
    "deepmind/language-perceiver": LANGUAGE_PERCEIVER,
    "deepmind/vision-perceiver-learned": VISION_PERCEIVER_LEARNED,
    "deepmind/vision-perceiver-fourier": VISION_PERCEIVER_FOURIER,
    "deepmind/vision-perceiver-conv": VISION_PERCEIVER_CONV,
    "deepmind/optical-flow-perceiver": OPTICAL_FLOW_PERCEIVER,
    "deepmind/multimodal-perceiver": MULTIMODAL_PERCEIVER,
}


def build(model: str | PerceiverConfig) -> PerceiverIO:
    """Build a Perceiver with random weights.

    Args:
        model: a published name, or any configuration; your own will do.

    Raises:
        ValueError: if no published model has that name.
        TypeError: if it is neither.
    """
    return zoo.build(look_up(model, PUBLISHED, "Perceiver") if isinstance(model, str) else model)


def example_input(config: PerceiverConfig, batch_size: int = 1) -> Any:
    """Zeros in the shape of a model's raw input, on torch's default device.

    For walks, costs and first tries.

    Args:
        config: which model.
        batch_size: samples.

    >>> example_input(PUBLISHED["deepmind/vision-perceiver-fourier"]).shape
    torch.Size([1, 3, 224, 224])
    """
    return config.example_input(batch_size)
