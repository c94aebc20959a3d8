"""DeiT without its heads: patches, two more tokens, blocks that let all read all."""

from jaxtyping import Float
from torch import Tensor, nn

from .blocks import blocks_of
from .config import DeiTConfig
from .patches import PatchEmbedding
from .tokens import Tokens


class DeiTEncoder(nn.Module):
    """Pixels in, normalised tokens out.

    Paper: DeiT, arXiv 2012.12877, figure 2.

    Args:
        config: sizes.
    """

    def __init__(self, config: DeiTConfig):
        super().__init__()
        self.to_patches = PatchEmbedding(config)
        self.to_tokens = Tokens(config)
        self.blocks = blocks_of(config)
        self.norm = nn.LayerNorm(config.channels, eps=config.norm_eps)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch tokens channels"]:
        return self.read(self.to_patches(images))

    def read(
        self, patches: Float[Tensor, "batch patches channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        """Tokens that have read each other, from patches that have not.

        Args:
            patches: embedded, row by row.
        """
        tokens = self.to_tokens(patches)
        del patches  # the blocks can use its memory
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)
