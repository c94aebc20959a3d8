"""What may come into a Perceiver besides raw data: masks over the inputs, and latents."""

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves


def check_mask(mask: Tensor | None, input_array: Tensor) -> None:
    """Let a mask over the inputs pass, or say what is wrong with it.

    Raises:
        ValueError: if it is not True and False, one for each input of each sample.
    """
    if mask is None:
        return
    expected = f"expected mask as True and False of shape {list(input_array.shape[:2])}"
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        got = getattr(mask, "dtype", type(mask).__name__)
        raise ValueError(f"{expected}, got {got}. True stays: attention_mask.bool().")
    if mask.shape != input_array.shape[:2]:
        raise ValueError(
            f"{expected} (batch, inputs), got {list(mask.shape)}. Make one for each input."
        )


def check_latents(latents: Tensor, raw: Any) -> None:
    """Let latents pass that are of as many samples as the raw input they are asked about.

    Raises:
        ValueError: if they are no latents, or of another batch.
    """
    if not isinstance(latents, Tensor) or latents.ndim != 3 or not latents.is_floating_point():
        got = f"{latents.dtype} {list(latents.shape)}" if isinstance(latents, Tensor) else latents
        raise ValueError(
            f"expected latents as floats [batch, latents, channels], got {got}. Give decode what "
            "encode made."
        )
    samples = {value.shape[0] for value in tree_leaves(raw) if isinstance(value, Tensor)}
    if samples and latents.shape[0] not in samples:
        raise ValueError(
            f"expected latents of {max(samples)} samples, as many as the raw input has, got "
            f"{latents.shape[0]}. Give decode what encode made of this very batch."
        )
