"""Matrix products by oneDNN: of a layer's weights, packed beforehand, and of two arrays."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .prepared import Prepared


def pack(weight: Float[Tensor, "out_channels channels"]) -> Tensor:
    """Put a layer's weights in the order in which the processor's kernel reads them."""
    return torch.ops.mkldnn._reorder_linear_weight(weight, None)


def onednn_linear(
    x: Float[Tensor, "*batch channels"], weight: Tensor, bias: Tensor | None = None
) -> Float[Tensor, "*batch out_channels"]:
    """`torch.nn.functional.linear` by oneDNN; `weight` packed or plain."""
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


def times(
    x: Float[Tensor, "batch rows inner"], y: Float[Tensor, "batch inner columns"], onednn: bool
) -> Float[Tensor, "batch rows columns"]:
    """The matrix product of every sample, by oneDNN or by the default BLAS."""
    if not onednn:
        return x @ y
    products = [onednn_linear(one, other.T) for one, other in zip(x, y, strict=True)]
    return products[0][None] if len(products) == 1 else torch.stack(products)


class PackedLinear(nn.Linear):
    """A linear layer whose weights were packed once, instead of at every call.

    Equal to `nn.Linear` but for rounding. The packed copy is no part of the state dict, and
    is made again when the weights have changed.
    """

    def forward(self, x: Float[Tensor, "*batch channels"]) -> Float[Tensor, "*batch out_channels"]:
        if x.device.type != "cpu" or not x.numel():
            return super().forward(x)
        return onednn_linear(x, self.packed(), self.bias)


def take_over_linear(layer: nn.Linear) -> None:
    """Let a linear layer, which stays where it is, multiply packed weights."""
    layer.__class__ = PackedLinear
    layer.packed = Prepared(lambda: pack(layer.weight.detach()), [layer.weight])
