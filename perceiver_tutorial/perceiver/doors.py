"""What may come into a Perceiver: every preprocessor's door, and masks over the inputs."""

import torch
from torch import Tensor

from ..doors import Door

__all__ = ["Door", "check_keep"]


def check_keep(keep: Tensor | None, input_array: Tensor) -> None:
    """Let a mask over the inputs pass, or say what is wrong with it.

    Raises:
        ValueError: if it is not True and False, one for each input of each sample.
    """
    if keep is None:
        return
    expected = f"expected keep as True and False of shape {list(input_array.shape[:2])}"
    if keep.dtype != torch.bool:
        raise ValueError(f"{expected}, got {keep.dtype}. True stays: attention_mask.bool().")
    if keep.shape != input_array.shape[:2]:
        raise ValueError(
            f"{expected} (batch, inputs), got {list(keep.shape)}. Make one for each input."
        )
