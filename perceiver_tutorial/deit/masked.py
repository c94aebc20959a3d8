"""Masked pre-training: hide patches behind a learned token, and draw what was there."""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from ..doors import has_values
from ..masks import check_keep, keep_of, random_units, spread
from ..positions import learned_table
from .config import DeiTMaskedImageConfig
from .encoder import DeiTEncoder
from .initial import initialise


class DeiTMaskedImage(nn.Module):
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
        self.encoder = DeiTEncoder(config.encoder)
        self.mask_token = learned_table(config.encoder.channels)
        self.to_pixels = nn.Conv2d(config.encoder.channels, 3 * patch**2, kernel_size=1)
        self.to_picture = nn.PixelShuffle(patch)
        initialise(self)

    def forward(
        self,
        images: Float[Tensor, "batch 3 height width"],
        keep: Bool[Tensor, "batch patches"] | None = None,
    ) -> Float[Tensor, "batch 3 height width"]:
        return self.draw(images, self.keep(images, keep))

    def draw(
        self, images: Float[Tensor, "batch 3 height width"], keep: Bool[Tensor, "batch patches"]
    ) -> Float[Tensor, "batch 3 height width"]:
        """Every patch as it is drawn, seen or not.

        Args:
            images: of the size in the configuration.
            keep: True for patches that are seen.
        """
        patches = torch.where(keep[..., None], self.encoder.to_patches(images), self.mask_token)
        read = self.encoder.read(patches)[:, self.config.encoder.num_front :]
        height, width = self.config.encoder.grid
        return self.to_picture(
            self.to_pixels(rearrange(read, "b (h w) c -> b c h w", h=height, w=width))
        )

    def keep(
        self, images: Tensor, keep: Bool[Tensor, "batch patches"] | None = None
    ) -> Bool[Tensor, "batch patches"]:
        """The mask made by hand, looked at; or a random one.

        Raises:
            ValueError: if images do not fit, or the mask is not True and False, one for each
                patch of each of them.
        """
        self.encoder.to_patches.door.check(images)
        grid = self.config.encoder.grid
        if keep is None:
            kept = random_units(images.shape[0], grid, self.config.mask_ratio)
            return keep_of(kept, grid).to(images.device)
        check_keep(keep, grid, images.shape[0], of="patch")
        return keep

    def loss(
        self,
        images: Float[Tensor, "batch 3 height width"],
        keep: Bool[Tensor, "batch patches"] | None = None,
    ) -> Float[Tensor, ""]:
        """Mean absolute error of the hidden pixels; seen ones are not judged.

        Args:
            images: to learn from.
            keep: True for patches that are seen. Default: random ones.

        Raises:
            ValueError: if nothing is hidden.
        """
        keep = self.keep(images, keep)
        if has_values(keep) and keep.all():
            raise ValueError(
                f"expected at least one hidden patch, got {keep.shape[1]} of as many kept in every "
                "image. Set some of keep to False, or choose a larger mask_ratio."
            )
        wrong = (self.draw(images, keep) - images).abs()
        hidden = ~self.seen_pixels(keep)
        return torch.where(hidden, wrong, 0).mean() / hidden.to(wrong).mean()

    @torch.no_grad()
    def reconstruct(
        self,
        images: Float[Tensor, "batch 3 height width"],
        keep: Bool[Tensor, "batch patches"] | None = None,
    ) -> Float[Tensor, "batch 3 height width"]:
        """Pictures with what was seen as it was, and what was hidden as it is drawn.

        Args:
            images: to complete.
            keep: True for patches that are seen. Default: random ones.
        """
        keep = self.keep(images, keep)
        return torch.where(self.seen_pixels(keep), images, self.draw(images, keep))

    def seen_pixels(
        self, keep: Bool[Tensor, "batch patches"]
    ) -> Bool[Tensor, "batch 1 height width"]:
        """True for pixels of kept patches.

        Args:
            keep: True for patches that are seen.
        """
        encoder = self.config.encoder
        return spread(keep, encoder.grid, (encoder.patch_size,) * 2).unsqueeze(1)
