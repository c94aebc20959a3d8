r"""The fold: attention with one head, multiplied in the cheapest order.

A query y and an input x meet in the score of y for x, a product of three matrices:

    q . k  =  (W_q y) . (W_k x)  =  y^T W_q^T W_k x

and what is read is a product as well, because the weights p of a query sum to 1:

    sum_x p_x (W_v x + b_v)  =  W_v (sum_x p_x x) + b_v

Both can be bracketed in three ways, all equal but for rounding:

    plain     (W_q y) . (W_k x)         every query and every input is projected
    inputs    (W_k^T W_q y) . x         no input is projected, and raw inputs are mixed:
                                        for 512 latents that read 50,176 inputs
    queries   y . (W_q^T W_k x)         no query is projected, nor its answer:
                                        for 182,528 queries that read 2,048 latents

W_k's bias adds the same to all scores of a query, so softmax does not see it. W_q's bias
adds b_q . k to every score for key k, and is added where queries are folded.

With several heads, every head would need folded queries or keys of its own, and what is
saved is lost again.
"""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from ..attention import MultiHeadAttention
from .fastest import fastest
from .products import (
    LEAST,
    Products,
    computed_in,
    has_onednn,
    is_plain_arithmetic,
    onednn_linear,
)

ROWS_AT_ONCE = 2048
ROWS_TO_MEASURE = 8192
WIDE_RANGE = (torch.float32, torch.float64, torch.bfloat16)  # folded keys may leave float16's
SMALLEST = -80.0  # weights below e^-80 would be denormal numbers, which processors crawl over

Mix = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]


class FoldedAttention(MultiHeadAttention):
    """Attention with one head that folds its projections where that is faster.

    It goes the plain way where a hook point records, inputs are masked or a gradient is wanted.
    """

    products: Products

    def forward(
        self,
        x_q: Float[Tensor, "batch queries q_dim"],
        x_kv: Float[Tensor, "batch keys kv_dim"],
        mask: Bool[Tensor, "batch #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries q_dim"]:
        if mask is not None or not self._can_fold(x_q, x_kv):
            return super().forward(x_q, x_kv, mask)
        return self._way(x_q, x_kv)(x_q, x_kv)

    def _can_fold(self, x_q: Tensor, x_kv: Tensor) -> bool:
        is_recorded = self.weights.is_recorded or self.context.is_recorded
        if is_recorded or not is_plain_arithmetic(x_q, x_kv, self.k_proj.weight):
            return False
        is_small = self.products == "measure" and x_q.numel() * x_kv.shape[1] < LEAST
        return not is_small and computed_in(x_q) in WIDE_RANGE

    def _way(self, x_q: Tensor, x_kv: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """In the cheapest order, by the library that is named or faster here."""
        plain, order = super().forward, cheapest(x_q.shape[1], x_kv.shape[1], self)
        if order == "plain":
            return plain
        fold = self._fold_inputs if order == "inputs" else self._fold_queries
        ways = {"plain": plain, "default": partial(fold, fused)}
        if computed_in(x_q) == torch.float32 and has_onednn():
            ways["onednn"] = partial(fold, in_pieces)
        if self.products != "measure":
            return ways.get(self.products, ways["default"])
        # Of the longer array some rows tell enough; more would take long.
        few = (x_q[:, :ROWS_TO_MEASURE], x_kv[:, :ROWS_TO_MEASURE])
        runs = {name: partial(way, *few) for name, way in ways.items()}
        widths = (self.k_proj.weight.shape, self.v_proj.weight.shape)
        situation = (order, x_q.shape, x_kv.shape, *widths, x_q.dtype, computed_in(x_q))
        return ways[fastest(runs, situation)]

    def _fold_inputs(self, mix: Mix, x_q: Tensor, x_kv: Tensor) -> Tensor:
        queries = self.q_proj(x_q) @ self.k_proj.weight
        context = mix(queries / self.k_proj.out_features**0.5, x_kv, x_kv, None)
        return self.out_proj(self.v_proj(context))

    def _fold_queries(self, mix: Mix, x_q: Tensor, x_kv: Tensor) -> Tensor:
        keys = self.k_proj(x_kv) / self.k_proj.out_features**0.5
        bias = keys @ self.q_proj.bias
        values = self.v_proj(x_kv) @ self.out_proj.weight.T
        context = mix(x_q, keys @ self.q_proj.weight, values, bias)
        return context + self.out_proj.bias


def cheapest(queries: int, inputs: int, attention: MultiHeadAttention) -> str:
    """Which order needs the fewest products of numbers: "plain", "inputs" or "queries".

    Args:
        queries: how many.
        inputs: how many.
        attention: with its widths; one head.

    >>> from perceiver_tutorial.perceiver import build
    >>> with torch.device("meta"):
    ...     flow = build("deepmind/optical-flow-perceiver")
    >>> encode, decode = flow.encoder.cross[0].attention, flow.decoder.cross.attention
    >>> cheapest(2048, 182_528, encode), cheapest(182_528, 2048, decode)
    ('inputs', 'queries')
    """
    y, x = attention.q_proj.in_features, attention.k_proj.in_features
    inner = attention.k_proj.out_features + attention.v_proj.out_features
    pairs = queries * inputs
    costs = {
        "plain": (queries * y + inputs * x + pairs) * inner,
        "inputs": queries * (y + x) * inner + pairs * 2 * x,
        "queries": inputs * (y + x) * inner + pairs * 2 * y,
    }
    return min(costs, key=costs.__getitem__)


def fused(
    queries: Float[Tensor, "batch queries width"],
    keys: Float[Tensor, "batch keys width"],
    values: Float[Tensor, "batch keys channels"],
    bias: Float[Tensor, "batch keys"] | None,
) -> Float[Tensor, "batch queries channels"]:
    """Mix the values by torch's own attention.

    Args:
        queries: scaled already.
        keys: what is compared.
        values: what is mixed.
        bias: added to every query's score for a key.
    """
    mask = None if bias is None else bias[:, None, None]
    q, k, v = (array[:, None] for array in (queries, keys, values))
    return scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1.0)[:, 0]


def in_pieces(
    queries: Float[Tensor, "batch queries width"],
    keys: Float[Tensor, "batch keys width"],
    values: Float[Tensor, "batch keys channels"],
    bias: Float[Tensor, "batch keys"] | None,
) -> Float[Tensor, "batch queries channels"]:
    """The same with products by oneDNN, of some queries and some keys at a time.

    Two pieces are joined as fused kernels join them: each has its largest score and the sum
    of its exponentials, and the one with the smaller score is scaled down.
    """
    contexts = queries.new_empty(*queries.shape[:2], values.shape[-1])
    for sample, some in enumerate(queries):
        for first in range(0, len(some), ROWS_AT_ONCE):
            rows = some[first : first + ROWS_AT_ONCE]
            shift = None if bias is None else bias[sample]
            context = _some_rows(rows, keys[sample], values[sample], shift)
            contexts[sample, first : first + ROWS_AT_ONCE] = context
    return contexts


def _some_rows(
    queries: Float[Tensor, "queries width"],
    keys: Float[Tensor, "keys width"],
    values: Float[Tensor, "keys channels"],
    bias: Float[Tensor, " keys"] | None,
) -> Float[Tensor, "queries channels"]:
    top = queries.new_full((len(queries), 1), -torch.inf)
    total, context = torch.zeros_like(top), queries.new_zeros(len(queries), values.shape[-1])
    for first in range(0, len(keys), ROWS_AT_ONCE):
        piece = slice(first, first + ROWS_AT_ONCE)
        scores = onednn_linear(queries, keys[piece], None if bias is None else bias[piece])
        higher = torch.maximum(top, scores.amax(-1, keepdim=True))
        weights = scores.sub_(higher).clamp_(min=SMALLEST).exp_()
        shrink = (top - higher).exp_()
        total.mul_(shrink).add_(weights.sum(-1, keepdim=True))
        context.mul_(shrink).add_(onednn_linear(weights, values[piece].T))
        top = higher
    return context.div_(total)
