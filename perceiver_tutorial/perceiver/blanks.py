"""Blanks in texts, filled in by a model that guesses masked bytes."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from .model import PerceiverIO
from .tokenizer import MASK, OFFSET, PAD

BLANK = ord("_") + OFFSET


def fill_in(
    model: PerceiverIO, ids: Int[Tensor, "batch bytes"], hidden: Bool[Tensor, "batch bytes"]
) -> Int[Tensor, "batch bytes"]:
    """Put the likeliest byte in every hidden place; bytes in sight stay.

    Args:
        model: a masked language model.
        ids: texts. What stands in hidden places is not looked at.
        hidden: True where a byte is to be guessed.
    """
    masked = ids.masked_fill(hidden, MASK)
    with torch.inference_mode():
        likeliest = model(masked, mask=masked != PAD).argmax(-1)
    return torch.where(hidden, likeliest, ids)
