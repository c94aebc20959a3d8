"""DeiT's block: a self-attend, and for DeiT III one whose branches can be scaled and skipped."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..attention import SelfAttentionLayer
from ..drop_path import DropPath
from .config import DeiTConfig


class LayerScale(nn.Module):
    """Every channel of a branch has a weight; small ones at first keep a deep model calm.

    Paper: Going deeper with Image Transformers, arXiv 2103.17239.

    Args:
        channels: width of the branch.
        initial: every weight at the start.
    """

    def __init__(self, channels: int, initial: float):
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), initial))

    def forward(
        self, branch: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        return branch * self.weight


class ScaledSelfAttentionLayer(SelfAttentionLayer):
    """A self-attend whose two branches are scaled and, while training, skipped by some samples.

    Paper: DeiT III, arXiv 2204.07118, section 3.

    Args:
        config: sizes.
        drop_path: see `DropPath`.
    """

    def __init__(self, config: DeiTConfig, drop_path: float):
        super().__init__(config.channels, **_sizes(config))
        self.scale_attention, self.scale_mlp = (
            nn.Identity()
            if config.layer_scale is None
            else LayerScale(config.channels, config.layer_scale)
            for _ in range(2)
        )
        self.drop_path = DropPath(drop_path)

    def forward(
        self, x: Float[Tensor, "batch positions channels"]
    ) -> Float[Tensor, "batch positions channels"]:
        normed = self.norm_q(x)
        x = x + self.drop_path(self.scale_attention(self.attention(normed, normed)))
        return x + self.drop_path(self.scale_mlp(self.mlp(self.norm_mlp(x))))


def blocks_of(config: DeiTConfig) -> nn.ModuleList:
    """The blocks of a model; where nothing is scaled or skipped, plain self-attends."""
    if config.layer_scale is None and not config.drop_path:
        plain = (SelfAttentionLayer(config.channels, **_sizes(config)) for _ in range(config.depth))
        return nn.ModuleList(plain)
    return nn.ModuleList(
        ScaledSelfAttentionLayer(config, config.drop_path_of(block))
        for block in range(config.depth)
    )


def _sizes(config: DeiTConfig) -> dict[str, int | float]:
    return {
        "num_heads": config.num_heads,
        "widening_factor": config.widening_factor,
        "eps": config.norm_eps,
    }
