"""Attention, written once.

Every model in this package looks with the same eye. `attend` is the look
itself; `MultiHeadAttention` gives it learned projections; `SelfAttend` and
`CrossAttend` are the two pre-norm blocks that Perceiver and DeiT are made of.
Hiera brings its own projections and calls `attend` directly.
"""

from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from .taps import Tap

Activation = Literal["gelu", "gelu_tanh"]


def attention_weights(
    queries: Float[Tensor, "*batch queries qk"],
    keys: Float[Tensor, "*batch keys qk"],
    keep: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """Share out each query's attention over the keys.

    Args:
        queries: what is being asked.
        keys: what each value answers to.
        keep: True where a key may be read.

    Returns:
        Rows that sum to 1, or to 0 where a query keeps nothing.

    >>> attention_weights(torch.zeros(1, 4), torch.zeros(5, 4))
    tensor([[0.2000, 0.2000, 0.2000, 0.2000, 0.2000]])
    """
    scores = queries @ keys.transpose(-1, -2) / queries.shape[-1] ** 0.5
    if keep is None:
        return scores.softmax(-1)
    # A finite filling keeps a row that keeps nothing free of NaN, also in its gradient.
    kept = scores.masked_fill(~keep, torch.finfo(scores.dtype).min)
    return kept.softmax(-1).masked_fill(~keep, 0.0)


def attend(
    queries: Float[Tensor, "*batch queries qk"],
    keys: Float[Tensor, "*batch keys qk"],
    values: Float[Tensor, "*batch keys v"],
    keep: Bool[Tensor, "*#batch #queries #keys"] | None = None,
    tap: Tap | None = None,
) -> Float[Tensor, "*batch queries v"]:
    """Let each query read a weighted average of the values.

    Args:
        queries: what is being asked.
        keys: what each value answers to.
        values: what is handed back.
        keep: True where a key may be read. A row that keeps nothing reads zeros.
        tap: where the weights can be looked at. Unless somebody listens there,
            they are never written to memory as a whole.

    Returns:
        One mixture of values for each query.
    """
    if tap is not None and tap.is_heard:
        return tap(attention_weights(queries, keys, keep)) @ values
    if keep is None:
        return scaled_dot_product_attention(queries, keys, values)
    # What fused kernels do with a row that keeps nothing differs from device to device.
    keeps_nothing = ~keep.any(-1, keepdim=True)
    read = scaled_dot_product_attention(queries, keys, values, attn_mask=keep | keeps_nothing)
    return read.masked_fill(keeps_nothing, 0.0)


class MultiHeadAttention(nn.Module):
    """Attention with several heads, each looking through its own projection.

    Args:
        query_channels: channels of the array that asks (and of the result).
        kv_channels: channels of the array that is read. Default: `query_channels`.
        num_heads: how many heads; must divide `qk_channels` and `v_channels`.
        qk_channels: width in which queries meet keys. Default: `query_channels`.
        v_channels: width of the values. Default: `qk_channels`.

    Raises:
        ValueError: if a width does not split evenly over the heads.
    """

    def __init__(
        self,
        query_channels: int,
        kv_channels: int | None = None,
        *,
        num_heads: int,
        qk_channels: int | None = None,
        v_channels: int | None = None,
    ):
        super().__init__()
        kv_channels = kv_channels or query_channels
        qk_channels = qk_channels or query_channels
        v_channels = v_channels or qk_channels
        for name, width in {"qk_channels": qk_channels, "v_channels": v_channels}.items():
            if width % num_heads:
                raise ValueError(
                    f"{name}={width} does not split over num_heads={num_heads}: "
                    f"{width} / {num_heads} leaves {width % num_heads} over."
                )
        self.num_heads = num_heads
        self.to_queries = nn.Linear(query_channels, qk_channels)
        self.to_keys = nn.Linear(kv_channels, qk_channels)
        self.to_values = nn.Linear(kv_channels, v_channels)
        self.to_output = nn.Linear(v_channels, query_channels)
        self.weights = Tap("batch heads queries keys")
        self.mixture = Tap("batch queries v_channels")

    def forward(
        self,
        asking: Float[Tensor, "batch queries query_channels"],
        read: Float[Tensor, "batch keys kv_channels"],
        keep: Bool[Tensor, "batch #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries query_channels"]:
        q, k, v = (
            rearrange(x, "b n (heads c) -> b heads n c", heads=self.num_heads)
            for x in (self.to_queries(asking), self.to_keys(read), self.to_values(read))
        )
        keep = None if keep is None else rearrange(keep, "b queries keys -> b 1 queries keys")
        # What is made here fits; to look at it again costs small models a twentieth of their time.
        mixture = attend(q, k, v, keep, self.weights)
        mixture = rearrange(mixture, "b heads n c -> b n (heads c)")
        return self.to_output(self.mixture(mixture))


class MLP(nn.Module):
    """Widen, bend, narrow: what each position does alone between two looks.

    Args:
        channels: width of what comes and goes.
        widening_factor: hidden width over `channels`.
        activation: the bend. "gelu" is exact; "gelu_tanh" is the approximation
            that JAX means by gelu, and differs by up to 5e-4.
    """

    def __init__(self, channels: int, *, widening_factor: int = 1, activation: Activation = "gelu"):
        super().__init__()
        hidden = channels * widening_factor
        self.widen = nn.Linear(channels, hidden)
        self.bend = nn.GELU(approximate="tanh" if activation == "gelu_tanh" else "none")
        self.narrow = nn.Linear(hidden, channels)

    def forward(
        self, x: Float[Tensor, "batch positions channels"]
    ) -> Float[Tensor, "batch positions channels"]:
        return self.narrow(self.bend(self.widen(x)))


class SelfAttend(nn.Module):
    """An array reads itself, then thinks. Pre-norm, two residuals.

    Args:
        channels: width of the array.
        num_heads: heads of the attention.
        qk_channels: width in which queries meet keys. Default: `channels`.
        v_channels: width of the values. Default: `qk_channels`.
        widening_factor: hidden width of the MLP over `channels`.
        activation: see `MLP`.
        eps: what the layer norms add to the variance.
    """

    def __init__(
        self,
        channels: int,
        *,
        num_heads: int,
        qk_channels: int | None = None,
        v_channels: int | None = None,
        widening_factor: int = 1,
        activation: Activation = "gelu",
        eps: float = 1e-5,
    ):
        super().__init__()
        self.norm_attention = nn.LayerNorm(channels, eps=eps)
        self.attention = MultiHeadAttention(
            channels, num_heads=num_heads, qk_channels=qk_channels, v_channels=v_channels
        )
        self.norm_mlp = nn.LayerNorm(channels, eps=eps)
        self.mlp = MLP(channels, widening_factor=widening_factor, activation=activation)

    def forward(
        self, x: Float[Tensor, "batch positions channels"]
    ) -> Float[Tensor, "batch positions channels"]:
        normed = self.norm_attention(x)
        x = x + self.attention(normed, normed)
        return x + self.mlp(self.norm_mlp(x))


class CrossAttend(nn.Module):
    """One array reads another, then thinks. Pre-norm, two residuals.

    Args:
        query_channels: width of the array that asks, and of the result.
        kv_channels: width of the array that is read.
        num_heads: heads of the attention.
        qk_channels: width in which queries meet keys. Default: `query_channels`.
        v_channels: width of the values. Default: `qk_channels`.
        widening_factor: hidden width of the MLP over `query_channels`.
        activation: see `MLP`.
        query_residual: add the asking array to what it read. Leave it out when
            the questions and the answers mean different things, as when a
            position asks and a flow vector answers.

    Raises:
        ValueError: in `forward`, if an array has another width than this layer was built
            for, or the two have different batches.
    """

    def __init__(
        self,
        query_channels: int,
        kv_channels: int,
        *,
        num_heads: int,
        qk_channels: int | None = None,
        v_channels: int | None = None,
        widening_factor: int = 1,
        activation: Activation = "gelu",
        query_residual: bool = True,
    ):
        super().__init__()
        self.widths = (query_channels, kv_channels)
        self.query_residual = query_residual
        self.norm_queries = nn.LayerNorm(query_channels)
        self.norm_read = nn.LayerNorm(kv_channels)
        self.attention = MultiHeadAttention(
            query_channels,
            kv_channels,
            num_heads=num_heads,
            qk_channels=qk_channels,
            v_channels=v_channels,
        )
        self.norm_mlp = nn.LayerNorm(query_channels)
        self.mlp = MLP(query_channels, widening_factor=widening_factor, activation=activation)

    def forward(
        self,
        asking: Float[Tensor, "batch queries query_channels"],
        read: Float[Tensor, "batch keys kv_channels"],
        keep: Bool[Tensor, "batch #queries #keys"] | None = None,
    ) -> Float[Tensor, "batch queries query_channels"]:
        self._check(asking.shape, read.shape)
        x = self.attention(self.norm_queries(asking), self.norm_read(read), keep)
        x = asking + x if self.query_residual else x
        return x + self.mlp(self.norm_mlp(x))

    def _check(self, asking: torch.Size, read: torch.Size) -> None:
        if (asking[-1], read[-1]) != self.widths or asking[0] != read[0]:
            raise ValueError(_misfit(asking, read, self.widths))


def _misfit(asking: torch.Size, read: torch.Size, built: tuple[int, int]) -> str:
    widths = (asking[-1], read[-1])
    if widths == built:
        return (
            f"asking is a batch of {asking[0]}, read a batch of {read[0]}: every sample reads an "
            "array of its own. For one that all share, repeat it: x.expand(batch, -1, -1)."
        )
    if widths == built[::-1]:
        return (
            f"asking is {widths[0]} wide and read is {widths[1]}, this layer was built for "
            f"{built[0]} and {built[1]}. They are swapped: the array that asks comes first."
        )
    wrong = (
        f"{name} is {got} wide, this layer was built for {wanted}"
        for name, got, wanted in zip(("asking", "read"), widths, built, strict=True)
        if got != wanted
    )
    return f"{'; '.join(wrong)}."
