"""The one weight that may have come over from JAX with its axes in another order."""

import torch

from ...perceiver import PerceiverIO
from ...perceiver.preprocessors.conv_stem import ConvPoolLayer


def transpose_stem_kernel(model: PerceiverIO) -> PerceiverIO:
    """Swap height and width in the kernels of a convolutional stem, in place.

    The script that took DeepMind's weights over to transformers turns the axes of every
    weight round. That is right for a linear map, and swaps height and width of a kernel:
    what was converted so equals DeepMind's model only after this. Whether the published
    vision-perceiver-conv was, its file can tell: compare what both ways say of a picture.

    Args:
        model: an image classifier with a convolutional stem.

    Returns:
        The same model.

    Raises:
        ValueError: if its stem does not convolve patches.
    """
    layers = [m for m in model.preprocessor.modules() if isinstance(m, ConvPoolLayer)]
    if not layers:
        raise ValueError(
            f"expected a model with a convolutional stem, got {type(model.preprocessor).__name__}. "
            "Only vision-perceiver-conv has a kernel to transpose."
        )
    with torch.no_grad():
        for layer in layers:
            layer.conv.weight.copy_(layer.conv.weight.mT.clone())
    return model
