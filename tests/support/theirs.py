"""transformers' Perceivers: all seven tiny and shaken, or at published size without weights."""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from shaken import shake
from torch import Tensor, nn
from transformers import (
    PerceiverConfig,
    PerceiverForImageClassificationConvProcessing,
    PerceiverForImageClassificationFourier,
    PerceiverForImageClassificationLearned,
    PerceiverForMaskedLM,
    PerceiverForMultimodalAutoencoding,
    PerceiverForOpticalFlow,
    PerceiverForSequenceClassification,
)

MASKED_LANGUAGE = PerceiverForMaskedLM
TEXT = PerceiverForSequenceClassification
LEARNED = PerceiverForImageClassificationLearned
FOURIER = PerceiverForImageClassificationFourier
CONV = PerceiverForImageClassificationConvProcessing
FLOW = PerceiverForOpticalFlow
MULTIMODAL = PerceiverForMultimodalAutoencoding
SEVEN = (MASKED_LANGUAGE, TEXT, LEARNED, FOURIER, CONV, FLOW, MULTIMODAL)

TINY = {
    "num_latents": 7,
    "d_latents": 16,
    "d_model": 24,
    "num_blocks": 2,
    "num_self_attends_per_block": 3,
    "num_self_attention_heads": 2,
    "num_cross_attention_heads": 1,
    "num_labels": 5,
    "max_position_embeddings": 20,
    "image_size": 11,
    "train_size": [12, 10],
}
TINY_VIDEO = {
    "num_frames": 2,
    "image_size": 5,
    "output_shape": [1, 2, 12, 16],
    "audio_samples_per_frame": 48,
    "output_num_channels": 12,
    "_label_trainable_num_channels": 30,
}

BYTES = {"qk_channels": 256, "v_channels": 1280}
IMAGES = {
    "num_latents": 512,
    "d_latents": 1024,
    "num_blocks": 8,
    "num_self_attends_per_block": 6,
    "num_self_attention_heads": 8,
    "num_cross_attention_heads": 1,
    "image_size": 224,
    "num_labels": 1000,
}
PUBLISHED = {
    MASKED_LANGUAGE: BYTES,
    TEXT: BYTES,
    LEARNED: IMAGES,
    FOURIER: IMAGES,
    CONV: IMAGES,
    FLOW: {
        "num_latents": 2048,
        "d_latents": 512,
        "num_blocks": 1,
        "num_self_attends_per_block": 24,
        "num_self_attention_heads": 16,
        "num_cross_attention_heads": 1,
        "train_size": [368, 496],
    },
    MULTIMODAL: {
        "num_latents": 784,
        "d_latents": 512,
        "num_blocks": 1,
        "num_self_attends_per_block": 8,
        "num_self_attention_heads": 8,
        "num_cross_attention_heads": 1,
        "num_labels": 700,
    },
}


def tiny(architecture: type, **options: Any) -> nn.Module:
    """A model of a few thousand weights, all different."""
    video = TINY_VIDEO if architecture is MULTIMODAL else {}
    return shake(architecture(PerceiverConfig(**{**TINY, **video, **options})))


def tiny_input(architecture: type) -> dict[str, Any]:
    """What a tiny model takes, two different samples of it."""
    if architecture in (MASKED_LANGUAGE, TEXT):
        return {"inputs": torch.randint(0, 262, (2, 13))}
    if architecture is MULTIMODAL:
        return _tiny_video()
    shapes = {LEARNED: (3, 11, 11), FOURIER: (3, 12, 10), CONV: (3, 64, 48), FLOW: (2, 27, 12, 10)}
    return {"inputs": torch.randn(2, *shapes[architecture])}


def _tiny_video() -> dict[str, Any]:
    raw = {
        "image": torch.randn(2, 2, 3, 12, 16),
        "audio": torch.randn(2, 96, 1),
        "label": torch.randn(2, 5),
    }
    points = {"image": torch.tensor([0, 7, 383]), "audio": torch.tensor([5, 0]), "label": None}
    return {"inputs": raw, "subsampled_output_points": points}


@cache
def published(architecture: type) -> nn.Module:
    """A model at its published size on the meta device: shapes, and nothing in them."""
    with torch.device("meta"):
        return architecture(PerceiverConfig(**PUBLISHED[architecture])).eval()


def decoding(model: nn.Module) -> nn.Module:
    """The one cross-attention of the decoder."""
    name = "decoding_cross_attention"
    return next(m for n, m in model.named_modules() if n.endswith(name))


def passing(run: Callable[[], Any], **modules: nn.Module) -> dict[str, Tensor]:
    """What comes into each module, as its first argument, while `run` runs."""
    came: dict[str, Tensor] = {}

    def note(name: str, first: Tensor) -> None:
        came.setdefault(name, first)

    handles = [
        module.register_forward_pre_hook(lambda _module, args, name=name: note(name, args[0]))
        for name, module in modules.items()
    ]
    run()
    for handle in handles:
        handle.remove()
    return came
