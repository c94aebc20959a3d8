"""Extractive question answering: does the answer begin, or end, with this byte?"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from ...attention import Activation
from ...inputs import check_fields
from ...zoo import build
from ..config import RESIDUAL, DecoderConfig, EncoderConfig
from ..model import PerceiverIO
from .token_classification import TokenClassifierConfig


@dataclass(frozen=True)
class SpanConfig:
    """A question and a text as bytes in; for each byte two scores out: begins here, ends here.

    The machine is a token classifier with two labels. What differs is the loss: here
    bytes compete with one another, there labels do.

    Attributes: as in `TokenClassifierConfig`.
    """

    encoder: EncoderConfig
    decoder: DecoderConfig = RESIDUAL
    ask: Literal["inputs", "places"] = "inputs"
    input_channels: int = 768
    max_bytes: int = 2048
    vocabulary: int = 262
    activation: Activation = "gelu"

    __post_init__ = check_fields

    def example_input(self, batch_size: int = 1) -> Int[Tensor, "batch bytes"]:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.max_bytes, dtype=torch.long)


@build.register
def _(config: SpanConfig) -> PerceiverIO:
    """A model with random weights; ours, in the manner of Perceiver IO 4.1 and 4.3."""
    model = build(TokenClassifierConfig(num_labels=2, **vars(config)))
    model.config = config
    return model
