"""One photograph seen in many ways: shifted, turned, nearer or farther off."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample

from ..doors import checked
from ..positions import grid_positions

TURN, SHIFT, NEAR, FAR = 0.5, 0.13, 0.33, 0.53


@checked
def views(
    photograph: Float[Tensor, "colours height width"],
    marks: Float[Tensor, "marks yx=2"],
    num_views: int,
    size: int = 24,
    seed: int = 0,
) -> tuple[
    Float[Tensor, "{num_views} colours {size} {size}"], Float[Tensor, "{num_views} marks yx=2"]
]:
    """Cut square windows out of a photograph, around some marks; each window lies differently.

    A window is turned by up to half a radian, its centre lies near that of the marks,
    and its side is between two thirds of the photograph's height and a little more
    than all of it. What lies beyond the edge is mirrored.

    Args:
        photograph: any size.
        marks: (row, column) of points in it, in pixels.
        num_views: how many windows.
        size: side of the square that a window is resampled to, in pixels.
        seed: the same seed cuts the same windows.

    Returns:
        The windows, and the places (y, x) of the marks in each, unitless: from -1 at
        the first pixel to 1 at the last.

    >>> images, places = views(torch.rand(3, 50, 75), torch.tensor([[20.0, 30.0]]), 4)
    >>> images.shape, places.shape
    (torch.Size([4, 3, 24, 24]), torch.Size([4, 1, 2]))
    """
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.tensor(photograph.shape[1:])
    angles = TURN * (2 * torch.rand(num_views, generator=generator) - 1)
    halves = NEAR + (FAR - NEAR) * torch.rand(num_views, generator=generator)
    shifts = SHIFT * (2 * torch.rand(num_views, 1, 2, generator=generator) - 1)
    centres = marks.mean(0) + shifts * pixels[0]
    sine, cosine = angles.sin(), angles.cos()
    turns = rearrange([cosine, -sine, sine, cosine], "(i j) n -> n i j", i=2)
    turns = turns * (halves * pixels[0])[:, None, None]
    seen = grid_positions((size, size)) @ turns.mT + centres
    yx = 2 * seen / (pixels - 1) - 1
    grid = rearrange(yx.flip(-1), "n (h w) xy -> n h w xy", h=size)
    windows = photograph.expand(num_views, -1, -1, -1)
    images = grid_sample(windows, grid, padding_mode="reflection", align_corners=True)
    return images, (marks - centres) @ torch.linalg.inv(turns).mT
