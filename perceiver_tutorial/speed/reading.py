"""Reading an array piece by piece, with the same result as reading all of it at once.

A softmax needs the sum over all keys before the first weight is known. But two readings
of two pieces can be joined afterwards, if each also tells the logarithm of its sum:

    mixture = (e^a * mixture_1 + e^b * mixture_2) / (e^a + e^b),    a, b: the logarithms

so only one piece's weights are ever in memory. This is what fused attention kernels do
inside. Written out here, the products go to whichever library multiplies faster, and the
pieces need not exist before they are read.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .products import times

Read = tuple[Float[Tensor, "batch queries channels"], Float[Tensor, "batch queries 1"]]
SMALLEST = -80.0  # weights below e^-80 would be denormal numbers, which processors crawl over


def look(
    queries: Float[Tensor, "batch queries width"],
    keys: Float[Tensor, "batch keys width"],
    values: Float[Tensor, "batch keys channels"],
    *,
    bias: Float[Tensor, "batch #queries keys"] | None = None,
    keep: Bool[Tensor, "batch #queries keys"] | None = None,
    onednn: bool = False,
) -> Read:
    """Read one piece.

    Args:
        queries: scaled already.
        keys: of the piece.
        values: of the piece.
        bias: added to the scores.
        keep: True where a key may be read.
        onednn: multiply by oneDNN.

    Returns:
        The mixture of the values, and the logarithm of the sum of the exponentials.
    """
    same_width = keys.shape[-1] == values.shape[-1]
    if queries.dtype == torch.bfloat16 and queries.is_cpu and keep is None and same_width:
        return _fused(queries, keys, values, bias)
    scores = times(queries, keys.mT, onednn)
    if bias is not None:
        scores += bias
    if keep is not None:
        scores.masked_fill_(~keep, torch.finfo(scores.dtype).min)
    top = scores.amax(-1, keepdim=True)
    weights = scores.sub_(top).clamp_(min=SMALLEST).exp_()
    total = weights.sum(-1, keepdim=True)
    return times(weights, values, onednn).div_(total), top + total.log()


def _fused(queries: Tensor, keys: Tensor, values: Tensor, bias: Tensor | None) -> Read:
    """The kernel keeps bfloat16's scores in float32, which products of our own would not."""
    q, k, v = (array[:, None] for array in (queries, keys, values))
    mask = None if bias is None else bias[:, None].expand(*q.shape[:3], k.shape[2])
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    mixture, log_total = flash(q, k, v, 0.0, False, attn_mask=mask, scale=1.0)
    return mixture[:, 0], log_total[:, 0, :, None]


def join(readings: Iterable[Read]) -> Float[Tensor, "batch queries channels"]:
    """One mixture from the readings of all pieces, in float32."""
    readings = iter(readings)
    mixture, log_total = next(readings)
    mixture, log_total = mixture.float(), log_total.float()
    for other, other_log in readings:
        both = torch.logaddexp(log_total, other_log.float())
        mixture.mul_((log_total - both).exp()).add_((other_log - both).exp() * other)
        log_total = both
    return mixture
