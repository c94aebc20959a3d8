"""transformers' Hieras: at published size without weights, or narrow, shaken, and really run."""

from functools import cache
from typing import Any

import torch
from shaken import shake
from torch import nn
from transformers import HieraConfig, HieraForImageClassification, HieraModel

SIZES: dict[str, dict[str, Any]] = {
    "tiny": {"depths": [1, 2, 7, 2]},
    "small": {"depths": [1, 2, 11, 2]},
    "base": {"depths": [2, 3, 16, 3]},
    "base-plus": {"depths": [2, 3, 16, 3], "embed_dim": 112, "num_heads": [2, 4, 8, 16]},
    "large": {"depths": [2, 6, 36, 4], "embed_dim": 144, "num_heads": [2, 4, 8, 16]},
    "huge": {"depths": [2, 6, 36, 4], "embed_dim": 256, "num_heads": [4, 8, 16, 32]},
}
DECODER = {"decoder_hidden_size": 512, "decoder_depth": 8, "decoder_num_heads": 16}
NARROW = {
    "embed_dim": 8,
    "depths": [1, 2, 2, 1],
    "decoder_hidden_size": 12,
    "decoder_depth": 1,
    "decoder_num_heads": 2,
}


def config(size: str = "tiny", **options: Any) -> HieraConfig:
    """The configuration of a published size."""
    return HieraConfig(**{"num_labels": 1000, **SIZES[size], **DECODER, **options})


@cache
def published(
    architecture: type = HieraForImageClassification, size: str = "tiny", **options: Any
) -> nn.Module:
    """A model at its published size on the meta device: shapes, and nothing in them."""
    with torch.device("meta"):
        return architecture(config(size, **options)).eval()


def narrow(architecture: type = HieraModel, **options: Any) -> nn.Module:
    """A model with all tokens of a published one, and few channels; no two weights are alike."""
    return shake(architecture(HieraConfig(**{**NARROW, **options})), 1.0)


def images(height: int = 224, width: int = 224, batch_size: int = 1, device: str | None = None):
    """Noise, as pictures."""
    return torch.randn(batch_size, 3, height, width, device=device)
