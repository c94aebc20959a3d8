"""Optical flow without learning: total variation, the classical method to compare with."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def tv_l1(
    earlier: Float[Tensor, "3 height width"], later: Float[Tensor, "3 height width"]
) -> Float[Tensor, "height width xy=2"]:
    """The smoothest motion that makes the frames agree, found by minimising over the pair.

    TV-L1 of Zach, Pock and Bischof (2007), in scikit-image's implementation with its
    default settings, on grey frames. It has learned nothing and knows no other pair.

    Args:
        earlier: a photograph, colours from -1 to 1.
        later: the same places a moment later.

    Returns:
        How far every pixel moves right and down, in pixels.
    """
    from skimage.registration import optical_flow_tvl1

    grey = ((frame.detach().mean(0).numpy() + 1) / 2 for frame in (earlier, later))
    down, right = optical_flow_tvl1(*grey)
    return torch.from_numpy(np.stack([right, down], axis=-1)).float()
