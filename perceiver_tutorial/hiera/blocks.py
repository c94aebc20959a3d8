"""Hiera's block: attention inside mask units, pooling through the queries."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from ..attention import MLP, attention
from ..drop_path import DropPath
from ..hooks import HookPoint
from .mask_units import pool


class MaskUnitAttention(nn.Module):
    """Tokens attend to those of their own mask unit; pooled queries ask for several.

    Tokens come and go in pooling order: see `unroll`. Paper: Hiera 3.2.

    Args:
        channels: width before.
        out_channels: width after.
        num_heads: must divide `out_channels`.
        window: tokens of a mask unit; None lets every token see every token.
        pool_size: queries that become one, by the maximum in each channel.

    Raises:
        ValueError: if the width does not split over the heads.
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        *,
        num_heads: int,
        window: int | None,
        pool_size: int = 1,
    ):
        super().__init__()
        if out_channels % num_heads:
            raise ValueError(
                f"out_channels={out_channels} does not split over num_heads={num_heads}."
            )
        self.num_heads = num_heads
        self.window = window
        self.pool_size = pool_size
        self.qkv = nn.Linear(channels, 3 * out_channels)
        self.out_proj = nn.Linear(out_channels, out_channels)
        self.weights = HookPoint("batch_windows heads queries keys")

    def forward(
        self, tokens: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch pooled out_channels"]:
        in_window = self.window or tokens.shape[1]
        windows = tokens.shape[1] // in_window
        queries, keys, values = (
            rearrange(
                part,
                "b (t windows) (heads c) -> (b windows) heads t c",
                windows=windows,
                heads=self.num_heads,
            )
            for part in self._queries_keys_values(tokens)
        )
        context = attention(queries, keys, values, hook=self.weights)
        return self.out_proj(
            rearrange(context, "(b windows) heads t c -> b (t windows) (heads c)", windows=windows)
        )

    def _queries_keys_values(self, tokens: Tensor) -> tuple[Tensor, ...]:
        queries, keys, values = self.qkv(tokens).chunk(3, dim=-1)
        return pool(queries, self.pool_size), keys, values


class HieraBlock(nn.Module):
    """Attend, then think. Pre-norm, two residuals; where it widens it also pools.

    Args:
        channels: width before.
        out_channels: width after.
        num_heads: heads of the attention.
        window: see `MaskUnitAttention`.
        pool_size: tokens that become one.
        drop_path: see `DropPath`.
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        *,
        num_heads: int,
        window: int | None = None,
        pool_size: int = 1,
        drop_path: float = 0.0,
    ):
        super().__init__()
        self.pool_size = pool_size
        self.norm_q = nn.LayerNorm(channels, eps=1e-6)
        self.attention = MaskUnitAttention(
            channels, out_channels, num_heads=num_heads, window=window, pool_size=pool_size
        )
        self.dim_proj = nn.Linear(channels, out_channels) if channels != out_channels else None
        self.norm_mlp = nn.LayerNorm(out_channels, eps=1e-6)
        self.mlp = MLP(out_channels, widening_factor=4)
        self.drop_path = DropPath(drop_path)

    def forward(
        self, tokens: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch pooled out_channels"]:
        normed = self.norm_q(tokens)
        if self.dim_proj is not None:
            tokens = pool(self.dim_proj(normed), self.pool_size)
        tokens = tokens + self.drop_path(self.attention(normed))
        return tokens + self.drop_path(self.mlp(self.norm_mlp(tokens)))
