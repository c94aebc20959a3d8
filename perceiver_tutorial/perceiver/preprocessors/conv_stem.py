"""Convolutional stems of images: a linear map for each pixel, or convolution and max-pooling."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from ..config import Conv1x1Stem, ConvPoolStem


def conv_stem(config: Conv1x1Stem | ConvPoolStem, in_channels: int = 3) -> nn.Module:
    """Images to images: fewer cells, more channels.

    Paper: Perceiver IO 4.5, for both; one layer of convolution and max-pooling there.

    Args:
        config: which stem.
        in_channels: colours of a pixel.
    """
    if isinstance(config, Conv1x1Stem):
        return nn.Conv2d(in_channels, config.channels, kernel_size=1, stride=config.stride)
    widths = (in_channels, *(config.channels,) * config.num_layers)
    return nn.Sequential(*(ConvPoolLayer(a, b, config.padding) for a, b in pairwise(widths)))


class ConvPoolLayer(nn.Module):
    """7 x 7 convolution, batch norm, ReLU, 3 x 3 max-pooling, both with stride 2.

    Args:
        in_channels: width before.
        out_channels: width after.
        padding: "same" (DeepMind: n pixels become ceil(n / 4) cells) or
            "transformers" (three pixels on every side, and none for the pool, so
            that 224 become 55 cells, not 56).
    """

    def __init__(self, in_channels: int, out_channels: int, padding: str):
        super().__init__()
        self.padding = padding
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size=7, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(
        self, frames: Float[Tensor, "batch colours height width"]
    ) -> Float[Tensor, "batch channels rows columns"]:
        frames = self.norm(self.conv(self._pad(frames, 7, 0.0))).relu()
        if self.padding == "same":
            frames = self._pad(frames, 3, -torch.inf)
        return torch.max_pool2d(frames, kernel_size=3, stride=2)

    def _pad(self, frames: Tensor, kernel: int, value: float) -> Tensor:
        if self.padding == "transformers":
            return pad(frames, (3, 3, 3, 3))
        height, width = (same_padding(n, kernel, stride=2) for n in frames.shape[-2:])
        return pad(frames, (*width, *height), value=value)


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Cells to add before and after an axis so that ceil(length / stride) come out.

    What cannot be split evenly goes after: 224 cells, kernel 7 and stride 2 give
    (2, 3), not (3, 3).

    >>> same_padding(224, kernel=7, stride=2)
    (2, 3)
    """
    needed = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return needed // 2, needed - needed // 2
