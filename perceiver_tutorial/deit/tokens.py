"""The sequence that a DeiT reads: a class token, a distillation token, then the patches."""

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor, nn

from ..positions import learned_table
from .config import DeiTConfig


class Tokens(nn.Module):
    """Put the learned tokens in front of the patches, and tell each token where it is.

    The table of positions has a row for every token, the learned ones included, in the
    order of the sequence. The paper's figure draws the distillation token last; in the
    published weights it is the second. Nothing else depends on the order.
    Paper: DeiT 4, "distillation token".

    Args:
        config: sizes.
    """

    def __init__(self, config: DeiTConfig):
        super().__init__()
        self.patches_only = config.patch_positions_only
        self.class_token = learned_table(config.channels)
        self.distillation_token = learned_table(config.channels) if config.distilled else None
        rows = config.num_patches if self.patches_only else config.num_tokens
        self.positions = learned_table(rows, config.channels)

    def forward(
        self, patches: Float[Tensor, "batch patches channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        learned = [t for t in (self.class_token, self.distillation_token) if t is not None]
        front = repeat(torch.stack(learned), "front c -> b front c", b=patches.shape[0])
        if self.patches_only:
            return torch.cat([front, patches + self.positions], dim=1)
        return torch.cat([front, patches], dim=1) + self.positions
