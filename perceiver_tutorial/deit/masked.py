"""Masked pre-training: hide patches behind a learned token, and draw what was there."""

from dataclasses import replace

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..errors import Model
from ..inputs import has_values
from ..masks import check_mask, mask_of, random_units, spread
from ..positions import learned_table
from ..zoo import build
from .config import DeiTMaskedImageConfig
from .model import DeiT


class DeiTMaskedImage(Model):
    """A DeiT that draws every patch, and learns from those that it did not see.

    Hidden patches are not left out, as in a masked autoencoder: a mask token stands for
    each of them, so one linear map is enough to draw. Paper: SimMIM, arXiv 2111.09886;
    transformers' DeiTForMaskedImageModeling, which takes its mask the other way round
    (1 hides), and draws square images of one size only.

    Args:
        config: sizes.
    """

    def __init__(self, config: DeiTMaskedImageConfig):
        super().__init__()
        self.config = config
        patch = config.encoder.patch_size
        self.encoder = DeiT(replace(config.encoder, num_classes=None, class_names=None))
        self.mask_token = learned_table(1, 1, config.encoder.channels)
        self.to_pixels = nn.Conv2d(config.encoder.channels, 3 * patch**2, kernel_size=1)
        self.to_picture = nn.PixelShuffle(patch)

    def forward(
        self,
        images: Float[Tensor, "batch 3 height width"],
        mask: Bool[Tensor, "batch patches"] | None = None,
    ) -> Float[Tensor, "batch 3 height width"]:
        return self.draw(images, self.mask(images, mask))

    def draw(
        self, images: Float[Tensor, "batch 3 height width"], mask: Bool[Tensor, "batch patches"]
    ) -> Float[Tensor, "batch 3 height width"]:
        """Every patch as it is drawn, seen or not.

        Args:
            images: of the size in the configuration.
            mask: True for patches that are seen.

        Raises:
            ValueError: if images or mask do not fit.
        """
        patches = self.encoder.patches(images)
        check_mask(mask, self.config.encoder.grid, images.shape[0], of="patch")
        x = self.encoder.encode(torch.where(mask[..., None], patches, self.mask_token))[
            :, self.config.encoder.num_prefix_tokens :
        ]
        height, width = self.config.encoder.grid
        return self.to_picture(
            self.to_pixels(rearrange(x, "b (h w) c -> b c h w", h=height, w=width))
        )

    def mask(
        self, images: Tensor, mask: Bool[Tensor, "batch patches"] | None = None
    ) -> Bool[Tensor, "batch patches"]:
        """The mask made by hand, checked; or a random one.

        Raises:
            ValueError: if images do not fit, or the mask is not True and False, one for each
                patch of each of them.
        """
        self.encoder.patches.input_spec.check(images)
        grid = self.config.encoder.grid
        if mask is None:
            kept = random_units(images.shape[0], grid, self.config.mask_ratio)
            return mask_of(kept, grid).to(images.device)
        check_mask(mask, grid, images.shape[0], of="patch")
        return mask

    def loss(
        self,
        images: Float[Tensor, "batch 3 height width"],
        mask: Bool[Tensor, "batch patches"] | None = None,
    ) -> Float[Tensor, ""]:
        """Mean absolute error of the hidden pixels; seen ones are not judged.

        Args:
            images: to learn from.
            mask: True for patches that are seen. Default: random ones.

        Raises:
            ValueError: if nothing is hidden.
        """
        mask = self.mask(images, mask)
        if has_values(mask) and mask.all():
            raise ValueError(
                f"expected at least one hidden patch, got {mask.shape[1]} of as many kept in every "
                "image. Set some of mask to False, or choose a larger mask_ratio."
            )
        wrong = (self.draw(images, mask) - images).abs()
        hidden = ~self.seen_pixels(mask)
        return torch.where(hidden, wrong, 0).mean() / hidden.to(wrong).mean()

    @torch.no_grad()
    def reconstruct(
        self,
        images: Float[Tensor, "batch 3 height width"],
        mask: Bool[Tensor, "batch patches"] | None = None,
    ) -> Float[Tensor, "batch 3 height width"]:
        """Pictures with what was seen as it was, and what was hidden as it is drawn.

        Args:
            images: to complete.
            mask: True for patches that are seen. Default: random ones.
        """
        mask = self.mask(images, mask)
        return torch.where(self.seen_pixels(mask), images, self.draw(images, mask))

    def seen_pixels(
        self, mask: Bool[Tensor, "batch patches"]
    ) -> Bool[Tensor, "batch 1 height width"]:
        """True for pixels of kept patches.

        Args:
            mask: True for patches that are seen.
        """
        encoder = self.config.encoder
        return spread(mask, encoder.grid, (encoder.patch_size,) * 2).unsqueeze(1)


build.register(DeiTMaskedImageConfig, DeiTMaskedImage)
