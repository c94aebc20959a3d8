"""Pairs of frames: what the optical flow model is given of every pixel."""

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import unfold

from ...inputs import InputSpec
from .grid import GridPreprocessor, append_positions
from .images import picture_spec


def flow_patches(
    frames: Float[Tensor, "batch frames=2 colours=3 height width"],
) -> Float[Tensor, "batch frames=2 colours=27 height width"]:
    """Give every pixel the colours of its 3 x 3 neighbourhood; beyond the edge is 0.

    Paper: Perceiver IO 4.3. Row by row, left to right, the three colours of each
    neighbour together; the pixel itself is channels 12 to 14.

    Args:
        frames: the earlier frame, then the later one, colours from -1 to 1.

    Raises:
        ValueError: if there are not two frames of three colours.
    """
    InputSpec(
        "frame pairs", ("frames", "colours", "height", "width"), (2, 3, None, None),
        "Stack two images: torch.stack([earlier, later], dim=1).",
    ).check(frames)  # fmt: skip
    height, width = frames.shape[-2:]
    neighbours = unfold(frames.flatten(0, 1), kernel_size=3, padding=1)
    return rearrange(
        neighbours,
        "(b t) (c neighbours) (h w) -> b t (neighbours c) h w",
        t=2, c=3, h=height, w=width,
    )  # fmt: skip


class FlowPreprocessor(GridPreprocessor):
    """Every pixel of the first frame is an input: its neighbourhoods in both, and where it is.

    Args:
        image_size: (height, width) in pixels.
        positions: where each pixel is. Default: rows do not say.
        channels: width of the 54 neighbourhood colours after a linear map.
    """

    def __init__(
        self, image_size: tuple[int, int], positions: nn.Module | None = None, channels: int = 64
    ):
        super().__init__(image_size, channels, positions)
        self.linear = nn.Linear(2 * 27, channels)
        self.input_spec = picture_spec((2, *image_size), 27)

    def forward(
        self, patches: Float[Tensor, "batch frames=2 colours=27 height width"]
    ) -> Float[Tensor, "batch inputs channels"]:
        self.input_spec.check(patches)
        x = self.linear(rearrange(patches, "b t c h w -> b (h w) (t c)"))
        return append_positions(x, self.positions)
