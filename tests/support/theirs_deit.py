"""transformers' DeiTs: at published size without weights, or narrow, shaken, and really run."""

from functools import cache
from typing import Any

import torch
from shaken import shake
from torch import nn
from transformers import (
    DeiTConfig,
    DeiTForImageClassificationWithTeacher,
    ViTConfig,
    ViTForImageClassification,
)

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768},
    "small": {"hidden_size": 384, "num_attention_heads": 6, "intermediate_size": 1536},
    "base": {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
}
NARROW = {
    "hidden_size": 24,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "intermediate_size": 96,
    "image_size": 64,
    "num_labels": 5,
}


@cache
def published(
    architecture: type = DeiTForImageClassificationWithTeacher, size: str = "small", **options: Any
) -> nn.Module:
    """A model at its published size on the meta device: shapes, and nothing in them."""
    config = ViTConfig if architecture is ViTForImageClassification else DeiTConfig
    with torch.device("meta"):
        return architecture(config(num_labels=1000, **SIZES[size], **options)).eval()


def narrow(
    architecture: type = DeiTForImageClassificationWithTeacher, spread: float = 0.3, **options: Any
) -> nn.Module:
    """A model of few channels and 16 patches; no two weights are alike."""
    return shake(architecture(DeiTConfig(**{**NARROW, **options})), spread)


def images(side: int = 64, batch_size: int = 2, device: str | None = None):
    """Noise, as pictures."""
    return torch.randn(batch_size, 3, side, side, device=device)
