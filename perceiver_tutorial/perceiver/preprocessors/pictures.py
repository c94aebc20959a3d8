"""Images and videos into rows: pixels, pixels through a linear map, patches.

A video is a picture with one more axis: `size` is (height, width) for images,
(frames, height, width) for videos, and so are strides and patch sizes.
"""

import math

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from ...inputs import InputSpec
from .grid import GridInputs


def picture_spec(size: tuple[int, ...], image_channels: int) -> InputSpec:
    """The door for images, or for videos where `size` has three numbers."""
    name = "images" if len(size) == 2 else "videos"
    axes = ("frames", "colours", "height", "width")[3 - len(size) :]
    sizes = (*size[:-2], image_channels, *size[-2:])
    return InputSpec(name, axes, sizes, f"Resize them to {size}, or build a model for theirs.")


class Pixels(GridInputs):
    """Every pixel is an input, its colours the channels; or every n-th, the rest is dropped.

    Args:
        size: of the picture, in (frames and) pixels.
        image_channels: colours of a pixel.
        strides: steps along each axis of `size`. Default: 1 each.
    """

    def __init__(
        self,
        size: tuple[int, ...],
        image_channels: int = 3,
        strides: tuple[int, ...] | None = None,
    ):
        super().__init__()
        self.strides = strides or (1,) * len(size)
        self.input_spec = picture_spec(size, image_channels)
        self.num_channels = image_channels
        self.index_dims = tuple(
            math.ceil(n / step) for n, step in zip(size, self.strides, strict=True)
        )

    def forward(
        self, picture: Float[Tensor, "batch *frames colours height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(picture)
        *over_time, down, right = self.strides
        picture = picture[..., ::down, ::right]
        picture = picture[:, :: over_time[0]] if over_time else picture
        return rearrange(picture, "b ... c h w -> b (... h w) c")


class Conv1x1(GridInputs):
    """Every pixel's colours through one linear map.

    Args:
        size: of the picture, in (frames and) pixels.
        num_channels: width of a pixel after the map.
        image_channels: colours of a pixel.
        stride: step down and right, in pixels; frames are all kept.
    """

    def __init__(
        self, size: tuple[int, ...], num_channels: int, image_channels: int = 3, stride: int = 1
    ):
        super().__init__()
        self.input_spec = picture_spec(size, image_channels)
        self.num_channels = num_channels
        self.index_dims = (*size[:-2], *(math.ceil(n / stride) for n in size[-2:]))
        self.convolve = nn.Conv2d(image_channels, num_channels, kernel_size=1, stride=stride)

    def forward(
        self, picture: Float[Tensor, "batch *frames colours height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(picture)
        frames = self.convolve(picture.flatten(0, -4))
        return rearrange(frames, "(b t) c h w -> b (t h w) c", b=picture.shape[0])


class Patches(GridInputs):
    """Blocks of pixels folded into channels: space to depth.

    Args:
        size: of the picture, in (frames and) pixels.
        patch_size: of a block, along each axis of `size`; must divide it.
        image_channels: colours of a pixel.
        projected_channels: width after a linear map. Default: no map.

    Raises:
        ValueError: if the patches do not tile the picture.
    """

    def __init__(
        self,
        size: tuple[int, ...],
        patch_size: tuple[int, ...],
        image_channels: int = 3,
        projected_channels: int | None = None,
    ):
        super().__init__()
        if any(n % step for n, step in zip(size, patch_size, strict=True)):
            raise ValueError(f"patches of {patch_size} do not tile a picture of {size}.")
        self.patch_size = (1, *patch_size)[-3:]
        self.input_spec = picture_spec(size, image_channels)
        self.index_dims = tuple(n // step for n, step in zip(size, patch_size, strict=True))
        folded = image_channels * math.prod(patch_size)
        self.num_channels = projected_channels or folded
        self.project = (
            nn.Linear(folded, projected_channels) if projected_channels else nn.Identity()
        )

    def forward(
        self, picture: Float[Tensor, "batch *frames colours height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(picture)
        frames = picture if picture.ndim == 5 else rearrange(picture, "b c h w -> b 1 c h w")
        dt, dh, dw = self.patch_size
        patches = rearrange(
            frames,
            "b (t dt) c (h dh) (w dw) -> b (t h w) (dt dh dw c)",
            dt=dt, dh=dh, dw=dw,
        )  # fmt: skip
        return self.project(patches)
