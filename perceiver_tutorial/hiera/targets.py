"""What a masked pre-training predicts: the pixels of patches, and back to pictures."""

import math
from dataclasses import dataclass

from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from .config import HieraConfig
from .mask_units import Grid, unit_grid


@dataclass(frozen=True)
class Reconstruction:
    """Pictures that a pre-training model rebuilt.

    Attributes:
        pictures: what was seen as it was, and what was hidden as it was predicted.
        predicted: all of it as predicted; seen patches were never judged.
        seen: True for pixels that the model saw.
        borrowed: which numbers were taken from the true picture to draw this one.
    """

    pictures: Float[Tensor, "batch *frames 3 height width"]
    predicted: Float[Tensor, "batch *frames 3 height width"]
    seen: Bool[Tensor, "batch *frames 3 height width"]
    borrowed: str


def predicted_side(config: HieraConfig) -> Grid:
    """(Height, width) in pixels of what one token of the last stage predicts."""
    factor = unit_grid(config.pools[: config.num_pools], len(config.input_size))
    return tuple(f * s for f, s in zip(factor[-2:], config.patch_stride[-2:], strict=True))


def patches(
    images: Float[Tensor, "batch *frames 3 height width"], config: HieraConfig
) -> Float[Tensor, "batch tokens pixels"]:
    """The pixels that each token of the last stage is to predict.

    Colours come first in an image's patch and last in a video's, as in the published
    weights. Of the frames that a video token saw only the first is predicted.

    Args:
        images: as the model takes them.
        config: of the encoder.
    """
    height, width = predicted_side(config)
    if len(config.input_size) == 2:
        return rearrange(images, "b c (y h) (x w) -> b (y x) (c h w)", h=height, w=width)
    first = images[:, :: config.patch_stride[0]]
    return rearrange(first, "b t c (y h) (x w) -> b (t y x) (h w c)", h=height, w=width)


def from_patches(
    pixels: Float[Tensor, "batch tokens pixels"], config: HieraConfig
) -> Float[Tensor, "batch *frames 3 height width"]:
    """Predicted patches as pictures: the inverse of `patches`; videos keep their first frames.

    Args:
        pixels: of every patch, in row-major order.
        config: of the encoder.
    """
    (height, width), size = predicted_side(config), config.input_size
    rows = {"h": height, "w": width, "y": size[-2] // height}
    if len(size) == 2:
        return rearrange(pixels, "b (y x) (c h w) -> b c (y h) (x w)", c=3, **rows)
    return rearrange(
        pixels,
        "b (t y x) (h w c) -> b t c (y h) (x w)",
        t=math.ceil(size[0] / config.patch_stride[0]),
        **rows,
    )


def statistics(
    pixels: Float[Tensor, "batch tokens pixels"],
) -> tuple[Float[Tensor, "batch tokens 1"], Float[Tensor, "batch tokens 1"]]:
    """Mean and standard deviation of every patch; with 1e-6 added to the variance."""
    variance = pixels.var(dim=-1, keepdim=True)
    return pixels.mean(dim=-1, keepdim=True), (variance + 1e-6).sqrt()
