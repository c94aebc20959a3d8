r"""The fold: a one-head cross-attend that multiplies in the cheapest order.

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
saved is lost again: see `heads` for those.
"""

from collections.abc import Callable, Iterator

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..attention import CrossAttend
from .reading import Read, join, look
from .rows import ROWS_AT_ONCE, Rows

Reader = Callable[[Tensor], Tensor]


def cheapest(queries: int, inputs: int, attend: CrossAttend) -> str:
    """Which order needs the fewest products of numbers: "plain", "inputs" or "queries".

    Args:
        queries: how many.
        inputs: how many.
        attend: with its widths; one head.

    >>> from ..perceiver import PUBLISHED, build
    >>> with torch.device("meta"):
    ...     flow = build("deepmind/optical-flow-perceiver")
    >>> cheapest(2048, 182_528, flow.encoder.reads[0]), cheapest(182_528, 2048, flow.decoder.read)
    ('inputs', 'queries')
    """
    y, x = attend.norm_queries.normalized_shape[0], attend.norm_read.normalized_shape[0]
    inner = attend.attention.to_keys.out_features + attend.attention.to_values.out_features
    pairs = queries * inputs
    costs = {
        "plain": (queries * y + inputs * x + pairs) * inner,
        "inputs": queries * (y + x) * inner + pairs * 2 * x,
        "queries": inputs * (y + x) * inner + pairs * 2 * y,
    }
    return min(costs, key=costs.__getitem__)


def folds_queries(attend: CrossAttend, queries: int, inputs: int) -> bool:
    """Whether a cross-attend would fold so many queries and their answers into the inputs."""
    folds = isinstance(attend, FoldedCrossAttend) and not attend.is_heard()
    return folds and cheapest(queries, inputs, attend) == "queries"


def take_over_attend(attend: CrossAttend, onednn: bool) -> None:
    """Let a cross-attend with one head, which stays where it is, fold."""
    attend.__class__ = FoldedCrossAttend
    attend.onednn = onednn


class FoldedCrossAttend(CrossAttend):
    """A cross-attend with one head, multiplied in the cheapest order, piece by piece.

    Whoever listens to a tap of its attention makes it go the plain way, where the value
    that is listened to exists.
    """

    onednn: bool

    def forward(
        self,
        asking: Float[Tensor, "batch queries query_channels"],
        read: Float[Tensor, "batch keys kv_channels"] | Rows,
        keep: Bool[Tensor, "batch #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries query_channels"]:
        rows = read if isinstance(read, Rows) else Rows(read)
        order = self._order(asking.shape[1], rows.shape[1], keep)
        if order == "plain":
            return super().forward(asking, rows.whole(), keep)
        if order == "queries":
            return self.reader(rows.whole())(asking)
        return self._finish(asking, self._fold_inputs(asking, rows, keep))

    def reader(self, read: Float[Tensor, "batch keys kv_channels"]) -> Reader:
        """Fold queries and output into the keys and values of what is read, once.

        Args:
            read: the latents; any number of queries may then ask them, in any portions.

        Returns:
            A function from queries to answers, as this cross-attend gives them.
        """
        attention = self.attention
        dtype = attention.to_keys.weight.dtype
        normed = self.norm_read(read).to(dtype)
        keys = attention.to_keys(normed) / attention.to_keys.out_features**0.5
        bias = (keys @ attention.to_queries.bias)[:, None]
        keys = keys @ attention.to_queries.weight
        values = attention.to_values(normed) @ attention.to_output.weight.T

        def answer(asking: Tensor) -> Tensor:
            self._check(asking.shape, read.shape)
            normed = (
                self.norm_queries(some).to(dtype) for some in asking.split(ROWS_AT_ONCE, dim=1)
            )
            parts = [look(some, keys, values, bias=bias, onednn=self.onednn)[0] for some in normed]
            mixture = torch.cat(parts, dim=1) + attention.to_output.bias
            return self._finish(asking, mixture.to(asking.dtype))

        return answer

    def is_heard(self) -> bool:
        """Whether somebody listens to the attention."""
        return self.attention.weights.is_heard or self.attention.mixture.is_heard

    def _order(self, queries: int, inputs: int, keep: Tensor | None) -> str:
        if self.is_heard() or not inputs or not queries:
            return "plain"
        order = cheapest(queries, inputs, self)
        if keep is None or order == "plain":
            return order
        # A query that may read nothing reads zeros, which are no mixture of inputs.
        foldable = keep.shape[1:] == (1, inputs) and bool(keep.any(-1).all())
        return "inputs" if order == "inputs" and foldable else "plain"

    def _fold_inputs(self, asking: Tensor, rows: Rows, keep: Tensor | None) -> Tensor:
        self._check(asking.shape, rows.shape)
        attention = self.attention
        dtype = attention.to_keys.weight.dtype
        normed = self.norm_queries(asking).to(dtype)
        queries = attention.to_queries(normed) @ attention.to_keys.weight
        queries = queries / attention.to_keys.out_features**0.5
        mixed = join(self._looks(queries, rows, keep)).to(dtype)
        return attention.to_output(attention.to_values(mixed)).to(asking.dtype)

    def _looks(self, queries: Tensor, rows: Rows, keep: Tensor | None) -> Iterator[Read]:
        start = 0
        for piece in rows.pieces():
            stop = start + piece.shape[1]
            normed = self.norm_read(piece).to(queries.dtype)
            kept = None if keep is None else keep[..., start:stop]
            yield look(queries, normed, normed, keep=kept, onednn=self.onednn)
            start = stop

    def _finish(self, asking: Tensor, read: Tensor) -> Tensor:
        x = asking + read if self.query_residual else read
        return x + self.mlp(self.norm_mlp(x))
