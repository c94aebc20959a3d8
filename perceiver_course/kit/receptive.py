"""Which pixels does each input see? Tried out, pixel by pixel."""

from copy import deepcopy

import torch
from jaxtyping import Bool
from torch import Tensor, nn

BRIGHT = 100.0


def receptive_fields(
    what: nn.Module, image_size: tuple[int, int], image_channels: int = 3
) -> Bool[Tensor, "inputs height width"]:
    """Light one pixel after another in a dark picture, and note which rows change.

    Meant for stems with fresh weights: a pixel that every channel of the stem
    ignores counts as not seen.

    Args:
        what: pictures [batch, colours, height, width] to rows [batch, inputs, channels].
        image_size: (height, width) in pixels; each of them costs one picture.
        image_channels: colours of a pixel.

    Returns:
        For each row, True where a pixel changes it.
    """
    num_pixels = image_size[0] * image_size[1]
    one_lit = (BRIGHT * torch.eye(num_pixels)).reshape(num_pixels, 1, *image_size)
    pictures = torch.cat([torch.zeros_like(one_lit[:1]), one_lit])
    with torch.no_grad():
        rows = deepcopy(what).eval()(pictures.expand(-1, image_channels, -1, -1))
    changed = (rows[1:] != rows[:1]).any(-1)
    return changed.T.reshape(-1, *image_size)
