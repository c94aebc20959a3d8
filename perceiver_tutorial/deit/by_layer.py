"""Tokens on their way through a DeiT: before the first block, and behind every block."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from .model import DeiT


def tokens_by_layer(
    model: DeiT, images: Float[Tensor, "batch 3 height width"]
) -> list[Float[Tensor, "batch tokens channels"]]:
    """All tokens as they enter the first block, and as they leave each.

    Args:
        model: any DeiT.
        images: of its size.

    Returns:
        One more than there are blocks. Not normalised; gradients flow.
    """
    layers = [model.encoder.to_tokens(model.encoder.to_patches(images))]
    for block in model.encoder.blocks:
        layers.append(block(layers[-1]))
    return layers


def token_cosines(
    model: DeiT, images: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, " layers"]:
    """How alike class and distillation token are in each layer: their cosine, over all images.

    Paper: DeiT 4 measures 0.06 at the input and 0.93 in the last layer.

    Args:
        model: a distilled DeiT.
        images: of its size.

    Raises:
        ValueError: if the model has no distillation token.
    """
    if not model.config.distilled:
        raise ValueError(
            "expected a DeiT with a distillation token, got a plain one. Build it from a "
            "DeiTConfig with distilled=True."
        )
    with torch.no_grad():
        layers = tokens_by_layer(model, images)
    return torch.stack([cosine_similarity(t[:, 0], t[:, 1], dim=-1).mean() for t in layers])
