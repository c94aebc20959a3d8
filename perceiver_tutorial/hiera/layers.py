"""Hiera's layer: attention inside mask units, pooling through the queries."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from ..attention import MLP, attention
from ..drop_path import DropPath
from ..hooks import HookPoint
from .mask_units import max_pool


class MaskUnitAttention(nn.Module):
    """Tokens attend to those of their own mask unit; a pooled query stands for several.

    Tokens come and go in pooling order: see `unroll`. Paper: Hiera 3.2.

    Args:
        in_dim: width before.
        out_dim: width after.
        num_heads: must divide `out_dim`.
        unit_tokens: tokens of a mask unit; None lets every token attend to all.
        pool: queries that become one, by the maximum in each channel.

    Raises:
        ValueError: if the width does not split over the heads.
    """

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        num_heads: int,
        unit_tokens: int | None = None,
        pool: int = 1,
    ):
        super().__init__()
        if out_dim % num_heads:
            raise ValueError(f"out_dim={out_dim} does not split over num_heads={num_heads}.")
        self.num_heads = num_heads
        self.unit_tokens = unit_tokens
        self.pool = pool
        self.qkv = nn.Linear(in_dim, 3 * out_dim)
        self.out_proj = nn.Linear(out_dim, out_dim)
        self.weights = HookPoint("batch_windows heads queries keys")

    def forward(
        self, x: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch pooled out_channels"]:
        units = x.shape[1] // (self.unit_tokens or x.shape[1])
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (
            rearrange(part, "b (t u) (h c) -> (b u) h t c", u=units, h=self.num_heads)
            for part in (max_pool(q, self.pool), k, v)
        )
        context = attention(q, k, v, hook=self.weights)
        return self.out_proj(rearrange(context, "(b u) h t c -> b (t u) (h c)", u=units))


class HieraLayer(nn.Module):
    """Attention inside mask units, then an MLP. Pre-norm, two residuals; where it widens it pools.

    Args:
        in_dim: width before.
        out_dim: width after.
        num_heads: heads of the attention.
        unit_tokens: see `MaskUnitAttention`.
        pool: tokens that become one.
        drop_path: see `DropPath`.
    """

    def __init__(
        self,
        in_dim: int,
        out_dim: int,
        num_heads: int,
        unit_tokens: int | None = None,
        pool: int = 1,
        drop_path: float = 0.0,
    ):
        super().__init__()
        self.pool = pool
        self.norm_q = nn.LayerNorm(in_dim, eps=1e-6)
        self.attention = MaskUnitAttention(in_dim, out_dim, num_heads, unit_tokens, pool)
        self.dim_proj = nn.Linear(in_dim, out_dim) if in_dim != out_dim else None
        self.norm_mlp = nn.LayerNorm(out_dim, eps=1e-6)
        self.mlp = MLP(out_dim, widening_factor=4)
        self.drop_path = DropPath(drop_path)

    def forward(
        self, x: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch pooled out_channels"]:
        y = self.norm_q(x)
        if self.dim_proj is not None:
            x = max_pool(self.dim_proj(y), self.pool)
        x = x + self.drop_path(self.attention(y))
        return x + self.drop_path(self.mlp(self.norm_mlp(x)))
