"""A small convolutional stem: every layer makes the picture four times smaller."""

from itertools import pairwise

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

from .grid import GridInputs
from .pictures import picture_spec

MOST_LAYERS = 60


def same_padding(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """Cells to add before and after an axis so that ceil(length / stride) come out.

    What cannot be split evenly goes after: 224 cells, kernel 7 and stride 2 give
    (2, 3), not (3, 3).

    >>> same_padding(224, kernel=7, stride=2)
    (2, 3)
    """
    needed = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    return needed // 2, needed - needed // 2


def num_cells(length: int, padding: str, num_layers: int = 1) -> int:
    """How many cells the stem makes of one axis of a picture.

    Args:
        length: of the axis, in pixels.
        padding: "same" or "transformers", see `ConvPoolLayer`.
        num_layers: of the stem.

    >>> num_cells(224, "same"), num_cells(224, "transformers")
    (56, 55)
    """
    for _ in range(num_layers):
        convolved = -(-length // 2)
        length = -(-convolved // 2) if padding == "same" else (convolved - 3) // 2 + 1
    return length


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
        self.convolve = nn.Conv2d(in_channels, out_channels, kernel_size=7, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(
        self, frames: Float[Tensor, "frames colours height width"]
    ) -> Float[Tensor, "frames channels rows columns"]:
        frames = self.norm(self.convolve(self._pad(frames, 7, 0.0))).relu()
        if self.padding == "same":
            frames = self._pad(frames, 3, -torch.inf)
        return torch.max_pool2d(frames, kernel_size=3, stride=2)

    def _pad(self, frames: Tensor, kernel: int, value: float) -> Tensor:
        if self.padding == "transformers":
            return pad(frames, (3, 3, 3, 3))
        height, width = (same_padding(n, kernel, stride=2) for n in frames.shape[-2:])
        return pad(frames, (*width, *height), value=value)


class ConvPool(GridInputs):
    """Convolution and max-pooling, `num_layers` times.

    Paper: Perceiver IO 4.5, the variant with a convolutional stem; one layer there.

    Args:
        size: of the picture, in (frames and) pixels.
        num_channels: width of every layer.
        image_channels: colours of a pixel.
        num_layers: each makes height and width about four times smaller.
        padding: "same" or "transformers", see `ConvPoolLayer`.

    Raises:
        ValueError: if `padding` has another name, or the picture is too small.
    """

    def __init__(
        self,
        size: tuple[int, ...],
        num_channels: int,
        image_channels: int = 3,
        num_layers: int = 1,
        padding: str = "same",
    ):
        super().__init__()
        if padding not in ("same", "transformers"):
            raise ValueError(f"padding={padding!r} is neither 'same' nor 'transformers'.")
        if not 1 <= num_layers <= MOST_LAYERS:
            raise ValueError(
                f"expected 1 to {MOST_LAYERS} layers, got {num_layers}. Each halves the picture."
            )
        self.input_spec = picture_spec(size, image_channels)
        self.num_channels = num_channels
        widths = (image_channels, *(num_channels,) * num_layers)
        self.layers = nn.Sequential(*(ConvPoolLayer(a, b, padding) for a, b in pairwise(widths)))
        cells = [num_cells(n, padding, num_layers) for n in size[-2:]]
        if min(cells) < 1:
            raise ValueError(f"{num_layers} layers leave nothing of a picture of {size}.")
        self.index_dims = (*size[:-2], *cells)

    def forward(
        self, picture: Float[Tensor, "batch *frames colours height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(picture)
        frames = self.layers(picture.flatten(0, -4))
        return rearrange(frames, "(b t) c h w -> b (t h w) c", b=picture.shape[0])
