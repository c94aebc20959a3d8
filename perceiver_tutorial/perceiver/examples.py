"""What a model takes, as zeros of the right shape: for walks, costs and first tries."""

from typing import Any

import torch

from .tasks import (
    ImageClassifierConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PerceiverConfig,
    TextClassifierConfig,
)


def example_input(config: PerceiverConfig, batch_size: int = 1) -> Any:
    """Zeros in the shape of a model's raw input, on torch's default device.

    Args:
        config: which model.
        batch_size: samples.

    >>> from .published import PUBLISHED
    >>> example_input(PUBLISHED["deepmind/vision-perceiver-fourier"]).shape
    torch.Size([1, 3, 224, 224])
    """
    match config:
        case ImageClassifierConfig():
            return torch.zeros(batch_size, config.image_channels, *config.image_size)
        case MaskedLanguageConfig() | TextClassifierConfig():
            return torch.zeros(batch_size, config.max_bytes, dtype=torch.long)
        case OpticalFlowConfig():
            return torch.zeros(batch_size, 2, 27, *config.image_size)
        case MultimodalConfig():
            return {
                "image": torch.zeros(
                    batch_size, config.image.num_frames, 3, *config.image.image_size
                ),
                "audio": torch.zeros(batch_size, config.audio.num_samples, 1),
                "label": torch.zeros(batch_size, config.label.num_classes),
            }
    raise TypeError(f"no input is known for {type(config).__name__}.")
