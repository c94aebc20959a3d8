"""Images and videos: pixels, a convolutional stem, or blocks of pixels.

A video is a picture with one more axis: `size` is (height, width) for images,
(frames, height, width) for videos, and so are strides and patch sizes.
"""

import math

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from ...inputs import InputSpec
from ..config import Conv1x1Stem, ConvPoolStem, PatchStem, PixelStem, Positions, Stem
from .conv_stem import conv_stem
from .grid import GridPreprocessor, append_positions, build_positions


def picture_spec(size: tuple[int, ...], in_channels: int) -> InputSpec:
    """What images must look like, or videos where `size` has three numbers."""
    name = "images" if len(size) == 2 else "videos"
    axes = ("frames", "colours", "height", "width")[3 - len(size) :]
    sizes = (*size[:-2], in_channels, *size[-2:])
    return InputSpec(name, axes, sizes, f"Resize them to {size}, or build a model for theirs.")


class PixelPreprocessor(GridPreprocessor):
    """Every pixel is an input, its colours the channels; or every n-th, the rest is dropped.

    Args:
        size: of the picture, in (frames and) pixels.
        positions: where each pixel is. Default: rows do not say.
        in_channels: colours of a pixel.
        strides: steps along each axis of `size`. Default: 1 each.
    """

    def __init__(
        self,
        size: tuple[int, ...],
        positions: nn.Module | None = None,
        in_channels: int = 3,
        strides: tuple[int, ...] | None = None,
    ):
        strides = strides or (1,) * len(size)
        cells = tuple(math.ceil(n / step) for n, step in zip(size, strides, strict=True))
        super().__init__(cells, in_channels, positions)
        self.strides = strides
        self.input_spec = picture_spec(size, in_channels)

    def forward(
        self, picture: Float[Tensor, "batch *frames colours height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(picture)
        x = picture.movedim(-3, -1)
        x = x[:, *(slice(None, None, step) for step in self.strides)]
        return append_positions(x.flatten(1, -2), self.positions)


class ConvPreprocessor(GridPreprocessor):
    """A convolutional stem over every image, or every frame; its cells are the inputs.

    Args:
        size: of the picture, in (frames and) pixels.
        stem: which one.
        positions: where each cell is. Default: rows do not say.
        in_channels: colours of a pixel.
    """

    def __init__(
        self,
        size: tuple[int, ...],
        stem: Conv1x1Stem | ConvPoolStem,
        positions: nn.Module | None = None,
        in_channels: int = 3,
    ):
        super().__init__(stem.cells(size), stem.channels, positions)
        self.stem = conv_stem(stem, in_channels)
        self.input_spec = picture_spec(size, in_channels)

    def forward(
        self, picture: Float[Tensor, "batch *frames colours height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(picture)
        frames = self.stem(picture.flatten(0, -4))
        x = rearrange(frames, "(b t) c h w -> b (t h w) c", b=picture.shape[0])
        return append_positions(x, self.positions)


def space_to_depth(
    video: Float[Tensor, "batch frames colours height width"], patch_size: tuple[int, int, int]
) -> Float[Tensor, "batch patches channels"]:
    """Fold blocks of pixels into channels, colours running fastest.

    Args:
        video: its axes are multiples of those of a block.
        patch_size: of a block, in (frames, height, width).
    """
    dt, dh, dw = patch_size
    return rearrange(
        video,
        "b (t dt) c (h dh) (w dw) -> b (t h w) (dt dh dw c)",
        dt=dt, dh=dh, dw=dw,
    )  # fmt: skip


class VideoPreprocessor(GridPreprocessor):
    """Blocks of pixels are the inputs, folded into channels. An image is a video of one frame.

    Args:
        size: of the picture, in (frames and) pixels.
        patch_size: of a block, along each axis of `size`; must divide it.
        positions: where each block is. Default: rows do not say.
        in_channels: colours of a pixel.
        channels: width after a linear map. Default: no map.

    Raises:
        ValueError: if the blocks do not tile the picture.
    """

    def __init__(
        self,
        size: tuple[int, ...],
        patch_size: tuple[int, ...],
        positions: nn.Module | None = None,
        in_channels: int = 3,
        channels: int | None = None,
    ):
        if any(n % step for n, step in zip(size, patch_size, strict=True)):
            raise ValueError(f"patches of {patch_size} do not tile a picture of {size}.")
        folded = in_channels * math.prod(patch_size)
        cells = tuple(n // step for n, step in zip(size, patch_size, strict=True))
        super().__init__(cells, channels or folded, positions)
        self.patch_size = (1, *patch_size)[-3:]
        self.linear = nn.Linear(folded, channels) if channels else nn.Identity()
        self.input_spec = picture_spec(size, in_channels)

    def forward(
        self, picture: Float[Tensor, "batch *frames colours height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(picture)
        video = picture if picture.ndim == 5 else picture[:, None]
        return append_positions(self.linear(space_to_depth(video, self.patch_size)), self.positions)


def image_preprocessor(
    size: tuple[int, int], stem: Stem, positions: Positions, in_channels: int = 3
) -> GridPreprocessor:
    """The preprocessor for images with this stem and these positions.

    Args:
        size: (height, width) in pixels.
        stem: how pixels become inputs.
        positions: how the place of an input is written down.
        in_channels: colours of a pixel.
    """
    where = build_positions(positions, stem.cells(size))
    match stem:
        case PixelStem(stride):
            return PixelPreprocessor(size, where, in_channels, (stride, stride))
        case PatchStem(side, channels):
            return VideoPreprocessor(size, (side, side), where, in_channels, channels)
    return ConvPreprocessor(size, stem, where, in_channels)
