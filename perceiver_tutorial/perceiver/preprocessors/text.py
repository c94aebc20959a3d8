"""Text as bytes: a row for each byte, and one for its place."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ...inputs import InputSpec, has_values


class TextPreprocessor(nn.Module):
    """The sum of two learned rows: which byte, and where. Paper: Perceiver IO 4.1.

    Args:
        num_channels: width of a row.
        max_bytes: longest text, in bytes.
        vocabulary: ids that exist: 6 special ones, then the 256 bytes.
    """

    def __init__(self, num_channels: int, max_bytes: int = 2048, vocabulary: int = 262):
        super().__init__()
        self.num_channels = num_channels
        self.max_bytes = max_bytes
        self.input_spec = InputSpec("ids", ("bytes",), (None,), "")
        self.embeddings = nn.Embedding(vocabulary, num_channels)
        self.position_embeddings = nn.Embedding(max_bytes, num_channels)

    def num_inputs(self, ids: Int[Tensor, "batch bytes"]) -> int:
        """How many inputs will be made of each text."""
        self.input_spec.check(ids, integers=True)
        return ids.shape[1]

    def forward(self, ids: Int[Tensor, "batch bytes"]) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(ids, integers=True)
        self._check_length_and_range(ids)
        where = self.position_embeddings(torch.arange(ids.shape[1], device=ids.device))
        return self.embeddings(ids) + where

    def _check_length_and_range(self, ids: Tensor) -> None:
        if not 1 <= ids.shape[1] <= self.max_bytes:
            raise ValueError(
                f"expected from 1 to {self.max_bytes} bytes, got {ids.shape[1]}. Cut the text "
                "into pieces, or build the model with a larger max_bytes."
            )
        device, last = self.embeddings.weight.device, self.embeddings.num_embeddings - 1
        if ids.device != device:
            # An embedding looks up ids of the meta device in whatever the memory holds.
            raise ValueError(
                f"expected ids on {device}, where the weights are, got them on "
                f"{ids.device}. Bring them together: ids.to(device)."
            )
        if not has_values(ids):
            return
        low, high = (int(x) for x in torch.aminmax(ids))
        if low < 0 or high > last:
            raise ValueError(
                f"expected ids from 0 to {last}, got {low} to {high}. "
                "A byte's id is the byte + 6; ids 0 to 5 are special."
            )
