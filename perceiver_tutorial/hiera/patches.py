"""Pixels to tokens: overlapping patches, and where each of them is."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from .config import HieraConfig

CONVOLUTIONS = {2: nn.Conv2d, 3: nn.Conv3d}


class PatchEmbedding(nn.Module):
    """Every patch through one linear map; neighbours overlap by 3 of their 7 pixels.

    The only place where Hiera knows of neighbours by design. Paper: Hiera 3.

    Args:
        config: sizes.
    """

    def __init__(self, config: HieraConfig):
        super().__init__()
        self.config = config
        self.convolve = CONVOLUTIONS[len(config.input_size)](
            3, config.embed_channels, config.patch_kernel, config.patch_stride, config.patch_padding
        )

    def forward(
        self, images: Float[Tensor, "batch *frames 3 height width"]
    ) -> Float[Tensor, "batch tokens channels"]:
        colours_first = images.movedim(-3, 1)
        return rearrange(self.convolve(colours_first).flatten(2), "b c n -> b n c")
