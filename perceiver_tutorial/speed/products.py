"""Linear layers by oneDNN, with weights that are packed beforehand.

torch multiplies float32 matrices with the BLAS that it was built with, on x86 Intel's MKL.
It also carries oneDNN, which writes its kernels for the processor that it finds, and likes
weights in an order of its own: packed once, they serve every call. Both give the same but
for rounding; which is faster depends on processor and shape, and is measured (see `fastest`).
"""

from functools import cache
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..inputs import has_values
from .fastest import fastest

Products = Literal["measure", "default", "onednn"]
LEAST = 10_000_000  # products of numbers; with fewer, choosing costs more than it saves


def onednn_linear(
    x: Float[Tensor, "*batch channels"], weight: Tensor, bias: Tensor | None = None
) -> Float[Tensor, "*batch out_channels"]:
    """`torch.nn.functional.linear` by oneDNN.

    Args:
        x: rows.
        weight: packed, or plain; then it is laid out row by row, because for transposed views
            oneDNN has but a reference, a thousand times slower.
        bias: added to every row.
    """
    rows = weight if weight.is_mkldnn else weight.contiguous()
    return torch.ops.mkldnn._linear_pointwise(x, rows, bias, "none", [], "")


@cache
def _multiplies(dtype: torch.dtype) -> bool:
    packs = hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    if not packs or not torch.backends.mkldnn.is_available():
        return False
    bf16 = torch.ops.mkldnn._is_mkldnn_bf16_supported
    return bf16() if dtype == torch.bfloat16 else dtype == torch.float32


def has_onednn(dtype: torch.dtype = torch.float32) -> bool:
    """Whether oneDNN is in this torch, is switched on, and multiplies such numbers here."""
    return _multiplies(dtype) and torch.backends.mkldnn.enabled


def is_plain_arithmetic(*arrays: Tensor) -> bool:
    """Whether nothing but numbers is wanted of arrays: no gradient, no graph, no shape alone."""
    wants_gradient = torch.is_grad_enabled() and any(x.requires_grad for x in arrays)
    if wants_gradient or not has_values(*arrays):
        return False
    return all(x.is_cpu and x.numel() > 0 for x in arrays)


def computed_in(x: Tensor) -> torch.dtype:
    """The type in which torch multiplies an array: its own, unless autocast says otherwise."""
    casts = torch.is_autocast_enabled("cpu") and x.dtype != torch.float64
    return torch.get_autocast_dtype("cpu") if casts else x.dtype


class PackedLinear(nn.Linear):
    """A linear layer that multiplies packed weights where that is faster.

    The packed copy is no part of the state dict, and is made again when the weights change.
    """

    products: Products
    packed: tuple[tuple, Tensor] | None = None

    def forward(self, x: Float[Tensor, "*batch channels"]) -> Float[Tensor, "*batch out_channels"]:
        if self.products == "default" or not is_plain_arithmetic(x, self.weight):
            return super().forward(x)
        dtype, is_measured = computed_in(x), self.products == "measure"
        is_small = is_measured and x.numel() * self.out_features < LEAST
        if is_small or x.dtype != self.weight.dtype or not has_onednn(dtype):
            return super().forward(x)
        if is_measured:
            ways = {"plain": lambda: nn.Linear.forward(self, x), "packed": lambda: self._packed(x)}
            situation = (x.shape, x.stride(), x.dtype, dtype, self.out_features)
            if fastest(ways, situation) == "plain":
                return super().forward(x)
        return self._packed(x)

    def _packed(self, x: Tensor) -> Tensor:
        dtype = computed_in(x)
        bias = None if self.bias is None else self.bias.to(dtype)
        return onednn_linear(x.to(dtype), self._weight_in(dtype), bias)

    def _weight_in(self, dtype: torch.dtype) -> Tensor:
        weight = self.weight
        state = (dtype, weight.data_ptr(), 0 if weight.is_inference() else weight._version)
        if self.packed is None or self.packed[0] != state:
            with torch.inference_mode(False), torch.no_grad():
                made = torch.ops.mkldnn._reorder_linear_weight(weight.detach().to(dtype), None)
            self.packed = (state, made)
        return self.packed[1]

    def __getstate__(self) -> dict:
        return {name: value for name, value in vars(self).items() if name != "packed"}
