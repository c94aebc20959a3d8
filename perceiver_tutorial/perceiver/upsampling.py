"""Postprocessors that make a picture larger than the grid of queries.

They follow DeepMind's ImagePostprocessor, which no published checkpoint uses and
no other port has. A pixel depends on its neighbours here, so the work is done in
`assemble`, when all rows are there.
"""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


class DepthToSpace(nn.Module):
    """Every row is a block of pixels, folded into channels: unfold them.

    Args:
        index_dims: (frames,) rows and columns of the output grid.
        patch_size: of a block, along each axis of `index_dims`.
    """

    def __init__(self, index_dims: tuple[int, ...], patch_size: tuple[int, ...]):
        super().__init__()
        self.index_dims = (1, *index_dims)[-3:]
        self.patch_size = (1, *patch_size)[-3:]
        self.is_video = len(index_dims) == 3

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs output_channels"]:
        return output_array

    def assemble(
        self, answers: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch *frames colours height width"]:
        (t, h, w), (dt, dh, dw) = self.index_dims, self.patch_size
        video = rearrange(
            answers,
            "b (t h w) (dt dh dw c) -> b (t dt) c (h dh) (w dw)",
            t=t, h=h, w=w, dt=dt, dh=dh, dw=dw,
        )  # fmt: skip
        return video if self.is_video else rearrange(video, "b 1 c h w -> b c h w")


class ConvUpsample(nn.Module):
    """Transposed convolutions, each twice as large, narrower towards the end.

    Kernel 4, stride 2 along an axis until it has doubled as often as wanted, 1
    afterwards; ReLU between. Channels are `num_outputs` times 2 for every layer
    still to come. DeepMind's 2-D module is fixed at four times larger; this one
    takes any power of two.

    Args:
        channels: width of an output row.
        num_outputs: colours of the picture.
        index_dims: (frames,) rows and columns of the output grid.
        doublings: how often each axis of `index_dims` doubles.
    """

    def __init__(
        self,
        channels: int,
        num_outputs: int,
        index_dims: tuple[int, ...],
        doublings: tuple[int, ...],
    ):
        super().__init__()
        self.index_dims = index_dims
        num_layers = max(doublings)
        layers = []
        for layer in range(num_layers):
            width = num_outputs * 2 ** (num_layers - 1 - layer)
            strides = tuple(2 if layer < times else 1 for times in doublings)
            layers += [SameConvTranspose(channels, width, strides), nn.ReLU()]
            channels = width
        self.layers = nn.Sequential(*layers[:-1])

    def forward(
        self, output_array: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch outputs output_channels"]:
        return output_array

    def assemble(
        self, answers: Float[Tensor, "batch outputs output_channels"]
    ) -> Float[Tensor, "batch *frames colours height width"]:
        grid = answers.unflatten(1, self.index_dims).movedim(-1, 1)
        return self.layers(grid).movedim(1, -3)


class SameConvTranspose(nn.Module):
    """Transposed convolution, kernel 4, that makes an axis exactly `stride` times longer.

    A cell reaches one cell back and two ahead, as haiku's padding SAME has it.

    Args:
        in_channels: width before.
        out_channels: width after.
        strides: 1 or 2 along each axis; two or three axes.
    """

    def __init__(self, in_channels: int, out_channels: int, strides: tuple[int, ...]):
        super().__init__()
        self.strides = strides
        convolution = nn.ConvTranspose2d if len(strides) == 2 else nn.ConvTranspose3d
        self.convolve = convolution(in_channels, out_channels, kernel_size=4, stride=strides)

    def forward(
        self, grid: Float[Tensor, "batch channels *cells"]
    ) -> Float[Tensor, "batch out_channels *more_cells"]:
        full = self.convolve(grid)
        for axis, (stride, cells) in enumerate(zip(self.strides, grid.shape[2:], strict=True), 2):
            full = full.narrow(axis, 1, stride * cells)
        return full
