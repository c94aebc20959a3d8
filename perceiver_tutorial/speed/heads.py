"""Head by head: attention whose keys and values differ in width, without all heads' maps at once.

torch's fused attention wants keys and values of one width. The language model's have 32 and
160 channels for each head, and then torch writes the weights of all heads to memory: 8 x 256 x
2,048 numbers, twice. One head after the other needs an eighth of that.
"""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from ..attention import MultiHeadAttention
from .reading import look


class HeadByHead(MultiHeadAttention):
    """Attention of several heads, of which one looks after the other.

    Whoever listens to a tap gets the weights of all heads, made the plain way.
    """

    onednn: bool

    def forward(
        self,
        asking: Float[Tensor, "batch queries query_channels"],
        read: Float[Tensor, "batch keys kv_channels"],
        keep: Bool[Tensor, "batch #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries query_channels"]:
        if self.weights.is_heard or not _reads_something(keep, read.shape[1]):
            return super().forward(asking, read, keep)
        scale = (self.to_keys.out_features // self.num_heads) ** -0.5
        projected = (self.to_queries(asking) * scale, self.to_keys(read), self.to_values(read))
        looks = [
            look(queries, keys, values, keep=keep, onednn=self.onednn)[0]
            for queries, keys, values in zip(*map(self._heads, projected), strict=True)
        ]
        return self.to_output(self.mixture(torch.cat(looks, dim=-1)))

    def _heads(self, array: Tensor) -> Float[Tensor, "heads batch rows channels"]:
        return rearrange(array, "b n (heads c) -> heads b n c", heads=self.num_heads)


def take_over_heads(attention: MultiHeadAttention, onednn: bool) -> None:
    """Let attention, which stays where it is, look head by head, if its widths differ."""
    if attention.to_keys.out_features != attention.to_values.out_features:
        attention.__class__ = HeadByHead
        attention.onednn = onednn


def _reads_something(keep: Tensor | None, keys: int) -> bool:
    """Whether every query may read a key: one that may not reads zeros, which are no mixture."""
    return keep is None or (keep.shape[-1] == keys and bool(keep.any(-1).all()))
