"""The same picture, a little elsewhere: shifted, turned, nearer or farther."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from ..doors import checked


@checked
def jitter(
    images: Float[Tensor, "batch colours height width"],
    generator: torch.Generator,
    *,
    turn: float = 15.0,
    zoom: float = 0.15,
    shift: float = 0.2,
) -> Float[Tensor, "batch colours height width"]:
    """Turn, scale and shift every image by its own random amount; outside is 0.

    The digits of the course bear the amounts given here: a 6 stays a 6. Mirror images
    are left out, since they do not stay what they were.

    Args:
        images: of any size.
        generator: decides how much.
        turn: the largest turn to either side, in degrees.
        zoom: the largest change of size, as a share.
        shift: the largest shift along either axis, as a share of half the image.
    """
    amounts = torch.rand(4, len(images), generator=generator) * 2 - 1
    angle, scale = torch.deg2rad(amounts[0] * turn), 1 + amounts[1] * zoom
    across, up = scale * angle.cos(), scale * angle.sin()
    right, down = amounts[2:] * shift
    rows = (torch.stack([across, -up, right], -1), torch.stack([up, across, down], -1))
    maps = torch.stack(rows, dim=1).to(images)
    places = affine_grid(maps, list(images.shape), align_corners=False)
    return grid_sample(images, places, align_corners=False)
