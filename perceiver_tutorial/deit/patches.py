"""Pixels to tokens: an image is cut into squares, and each becomes one token."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from ..inputs import InputSpec
from .config import DeiTConfig


class PatchEmbedding(nn.Module):
    """Every patch through one and the same linear map; patches do not overlap.

    Written as a convolution whose stride is its kernel, as the published weights are.
    Paper: DeiT 3 (the patches of ViT, arXiv 2010.11929).

    Args:
        config: sizes.
    """

    def __init__(self, config: DeiTConfig):
        super().__init__()
        self.input_spec = InputSpec(
            "images",
            ("colours", "height", "width"),
            (3, *config.image_size),
            f"Resize or crop them to {config.image_size}, or let deit.resized make a model for "
            "their size.",
        )
        self.convolve = nn.Conv2d(3, config.channels, config.patch_size, config.patch_size)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch patches channels"]:
        self.input_spec.check(images)
        return rearrange(self.convolve(images), "b c h w -> b (h w) c")
