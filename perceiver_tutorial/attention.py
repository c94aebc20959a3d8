"""Attention, and the two pre-norm layers that Perceiver and DeiT are made of.

Hiera brings its own projections and calls `attention` directly.
"""

from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from .hooks import HookPoint

Activation = Literal["gelu", "gelu_tanh"]


def attention_weights(
    q: Float[Tensor, "*batch queries qk"],
    k: Float[Tensor, "*batch keys qk"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """Softmax of the scaled dot products: how each query shares out its attention.

    Args:
        q: queries.
        k: keys.
        mask: True where a query may attend to a key.

    Returns:
        Rows that sum to 1, or to 0 where a query may attend to nothing.

    >>> attention_weights(torch.zeros(1, 4), torch.zeros(5, 4))
    tensor([[0.2000, 0.2000, 0.2000, 0.2000, 0.2000]])
    """
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if mask is None:
        return scores.softmax(-1)
    # A finite filling keeps a row that is all masked free of NaN, also in its gradient.
    masked = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return masked.softmax(-1).masked_fill(~mask, 0.0)


def attention(
    q: Float[Tensor, "*batch queries qk"],
    k: Float[Tensor, "*batch keys qk"],
    v: Float[Tensor, "*batch keys v"],
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
    hook: HookPoint | None = None,
) -> Float[Tensor, "*batch queries v"]:
    """Scaled dot-product attention: for each query a weighted average of the values.

    Args:
        q: queries.
        k: keys.
        v: values, one for each key.
        mask: True where a query may attend to a key. A query that may attend to nothing
            gets zeros.
        hook: where the weights can be recorded. While nothing records them, they are
            never written to memory as a whole.

    Raises:
        ValueError: if there are more or fewer values than keys, which torch does not notice.
    """
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"expected a value for each of {k.shape[-2]} keys, got {v.shape[-2]}.")
    if hook is not None and hook.is_recorded:
        return hook(attention_weights(q, k, mask)) @ v
    if mask is None:
        return scaled_dot_product_attention(q, k, v)
    # What fused kernels do with a row that is all masked differs from device to device.
    is_empty = ~mask.any(-1, keepdim=True)
    context = scaled_dot_product_attention(q, k, v, attn_mask=mask | is_empty)
    return context.masked_fill(is_empty, 0.0)


class MultiHeadAttention(nn.Module):
    """Attention with several heads, each with projections of its own.

    Args:
        q_dim: width of the array that queries are made of, and of the result.
        kv_dim: width of the array that keys and values are made of.
        num_heads: must divide `qk_channels` and `v_channels`.
        qk_channels: width of queries and keys. Default: `q_dim`.
        v_channels: width of the values. Default: `qk_channels`.

    Raises:
        ValueError: if a width does not split evenly over the heads.
    """

    def __init__(
        self,
        q_dim: int,
        kv_dim: int,
        num_heads: int,
        qk_channels: int | None = None,
        v_channels: int | None = None,
    ):
        super().__init__()
        qk_channels = qk_channels or q_dim
        v_channels = v_channels or qk_channels
        for name, width in {"qk_channels": qk_channels, "v_channels": v_channels}.items():
            if width % num_heads:
                raise ValueError(
                    f"{name}={width} does not split over num_heads={num_heads}: "
                    f"{width} / {num_heads} leaves {width % num_heads} over."
                )
        self.num_heads = num_heads
        self.q_proj = nn.Linear(q_dim, qk_channels)
        self.k_proj = nn.Linear(kv_dim, qk_channels)
        self.v_proj = nn.Linear(kv_dim, v_channels)
        self.out_proj = nn.Linear(v_channels, q_dim)
        self.weights = HookPoint("batch heads queries keys")
        self.context = HookPoint("batch queries v_channels")

    def forward(
        self,
        x_q: Float[Tensor, "batch queries q_dim"],
        x_kv: Float[Tensor, "batch keys kv_dim"],
        mask: Bool[Tensor, "batch #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries q_dim"]:
        q, k, v = self.q_proj(x_q), self.k_proj(x_kv), self.v_proj(x_kv)
        q, k, v = (rearrange(t, "b n (h c) -> b h n c", h=self.num_heads) for t in (q, k, v))
        mask = None if mask is None else mask[:, None]
        context = attention(q, k, v, mask, self.weights)
        return self.out_proj(self.context(rearrange(context, "b h n c -> b n (h c)")))


class MLP(nn.Module):
    """Two linear maps with a GELU between, applied to each row on its own.

    Args:
        channels: width of what comes and goes.
        widening_factor: hidden width over `channels`.
        activation: "gelu" is exact; "gelu_tanh" is the approximation that JAX means by
            gelu, and differs by up to 5e-4.
    """

    def __init__(self, channels: int, widening_factor: int = 1, activation: Activation = "gelu"):
        super().__init__()
        self.fc1 = nn.Linear(channels, widening_factor * channels)
        self.act = nn.GELU(approximate="tanh" if activation == "gelu_tanh" else "none")
        self.fc2 = nn.Linear(widening_factor * channels, channels)

    def forward(
        self, x: Float[Tensor, "batch positions channels"]
    ) -> Float[Tensor, "batch positions channels"]:
        return self.fc2(self.act(self.fc1(x)))


class SelfAttentionLayer(nn.Module):
    """An array attends to itself, then an MLP. Pre-norm, two residuals.

    Args:
        channels: width of the array.
        num_heads: heads of the attention.
        qk_channels: width of queries and keys. Default: `channels`.
        v_channels: width of the values. Default: `qk_channels`.
        widening_factor: hidden width of the MLP over `channels`.
        activation: see `MLP`.
        eps: what the layer norms add to the variance.
    """

    def __init__(
        self,
        channels: int,
        num_heads: int = 1,
        qk_channels: int | None = None,
        v_channels: int | None = None,
        widening_factor: int = 1,
        activation: Activation = "gelu",
        eps: float = 1e-5,
    ):
        super().__init__()
        self.norm_q = nn.LayerNorm(channels, eps=eps)
        self.attention = MultiHeadAttention(channels, channels, num_heads, qk_channels, v_channels)
        self.norm_mlp = nn.LayerNorm(channels, eps=eps)
        self.mlp = MLP(channels, widening_factor, activation)

    def forward(
        self, x: Float[Tensor, "batch positions channels"]
    ) -> Float[Tensor, "batch positions channels"]:
        y = self.norm_q(x)
        x = x + self.attention(y, y)
        return x + self.mlp(self.norm_mlp(x))


class CrossAttentionLayer(nn.Module):
    """One array attends to another, then an MLP. Pre-norm, two residuals.

    Args:
        q_dim: width of the array that queries are made of, and of the result.
        kv_dim: width of the array that keys and values are made of.
        num_heads: heads of the attention.
        qk_channels: width of queries and keys. Default: `q_dim`.
        v_channels: width of the values. Default: `qk_channels`.
        widening_factor: hidden width of the MLP over `q_dim`.
        activation: see `MLP`.
        query_residual: add `x_q` to what it read. Leave it out where queries and outputs
            mean different things, such as positions and flow vectors.

    Raises:
        ValueError: in `forward`, if an array has another width than this layer was built
            for, or the two have different batches.
    """

    def __init__(
        self,
        q_dim: int,
        kv_dim: int,
        num_heads: int = 1,
        qk_channels: int | None = None,
        v_channels: int | None = None,
        widening_factor: int = 1,
        activation: Activation = "gelu",
        query_residual: bool = True,
    ):
        super().__init__()
        self.widths = (q_dim, kv_dim)
        self.query_residual = query_residual
        self.norm_q = nn.LayerNorm(q_dim)
        self.norm_kv = nn.LayerNorm(kv_dim)
        self.attention = MultiHeadAttention(q_dim, kv_dim, num_heads, qk_channels, v_channels)
        self.norm_mlp = nn.LayerNorm(q_dim)
        self.mlp = MLP(q_dim, widening_factor, activation)

    def forward(
        self,
        x_q: Float[Tensor, "batch queries q_dim"],
        x_kv: Float[Tensor, "batch keys kv_dim"],
        mask: Bool[Tensor, "batch #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries q_dim"]:
        if (x_q.shape[-1], x_kv.shape[-1]) != self.widths or x_q.shape[0] != x_kv.shape[0]:
            raise ValueError(_misfit(x_q.shape, x_kv.shape, self.widths))
        x = self.attention(self.norm_q(x_q), self.norm_kv(x_kv), mask)
        x = x_q + x if self.query_residual else x
        return x + self.mlp(self.norm_mlp(x))


def _misfit(x_q: torch.Size, x_kv: torch.Size, built: tuple[int, int]) -> str:
    widths = (x_q[-1], x_kv[-1])
    if widths == built:
        return (
            f"x_q is a batch of {x_q[0]}, x_kv a batch of {x_kv[0]}: every sample reads an "
            "array of its own. For one that all share, repeat it: x.expand(batch, -1, -1)."
        )
    if widths == built[::-1]:
        return (
            f"x_q is {widths[0]} wide and x_kv is {widths[1]}, this layer was built for "
            f"{built[0]} and {built[1]}. They are swapped: x_q comes first."
        )
    wrong = (
        f"{name} is {got} wide, this layer was built for {wanted}"
        for name, got, wanted in zip(("x_q", "x_kv"), widths, built, strict=True)
        if got != wanted
    )
    return f"{'; '.join(wrong)}."
