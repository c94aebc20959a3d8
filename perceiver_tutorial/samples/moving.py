"""Photographs for motion: some to learn from, others to be tested with, and a real pair."""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Bool, Float
from PIL import Image, ImageOps
from torch import Tensor

from ..doors import checked

TEXTURE_SIZE = (120, 160)


class Textures(NamedTuple):
    """Photographs at one size, colours from -1 to 1; no photograph is in both sets.

    Attributes:
        train: to learn from.
        test: held out.
    """

    train: Float[Tensor, "textures 3 120 160"]
    test: Float[Tensor, "_textures 3 120 160"]


@cache
def textures() -> Textures:
    """Nine photographs to learn motion from and four others, grey ones with three equal colours.

    Of scikit-image and scikit-learn, cut to 3 : 4 and resampled to 120 x 160 pixels.
    """
    from skimage import data
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    train = (
        flower, data.astronaut(), data.coffee(), data.rocket(), data.camera(),
        data.grass(), data.gravel(), data.coins(), data.immunohistochemistry(),
    )  # fmt: skip
    test = (china, data.chelsea(), data.brick(), data.moon())
    return Textures(
        *(torch.stack([_small(photograph) for photograph in some]) for some in (train, test))
    )


def _small(photograph: np.ndarray) -> Float[Tensor, "3 120 160"]:
    image = Image.fromarray(photograph).convert("RGB")
    fitted = ImageOps.fit(image, TEXTURE_SIZE[::-1], Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(fitted)).movedim(-1, 0) / 127.5 - 1


class StereoPair(NamedTuple):
    """One thing seen from two places: a real pair of frames, and how far each pixel moves.

    Attributes:
        frames: the left view, then the right one, colours from -1 to 1.
        flow: right and down, in pixels; 0 where it is not known.
        known: True where it was measured.
    """

    frames: Float[Tensor, "frames=2 3 height width"]
    flow: Float[Tensor, "height width xy=2"]
    known: Bool[Tensor, "height width"]


@checked
def stereo_motorcycle(shrink: int = 12, shift: int = 34) -> StereoPair:
    """A motorcycle before a wall, from the left and from the right, with measured motion.

    Of the Middlebury stereo data of 2014, as scikit-image ships it: 500 x 741 pixels.
    Near things move most between the views. What the left view shows at column x the
    right one shows at x minus the disparity (scikit-image's words say the reverse).

    Args:
        shrink: pixels, along each side, that become one.
        shift: columns that the right view is moved to the right before, so that the
            wall moves one way and the wheel the other; in pixels of the original.

    Raises:
        ValueError: if nothing would be left.

    >>> pair = stereo_motorcycle()
    >>> pair.frames.shape, pair.flow.shape
    (torch.Size([2, 3, 41, 58]), torch.Size([41, 58, 2]))
    """
    from skimage.data import stereo_motorcycle as motorcycle

    left, right, disparity = motorcycle()
    width = left.shape[1] - shift
    if shrink < 1 or not 0 <= shift <= left.shape[1] - shrink or shrink > len(left):
        raise ValueError(
            "expected shrink of at least 1 and a shift from 0 that leave a pixel of 500 x 741, "
            f"got shrink={shrink}, shift={shift}."
        )
    rightward = _blocks(shift - disparity[:, shift:, None], shrink).squeeze(-1)
    known = np.isfinite(rightward).mean((2, 3)) > 0.5
    middle = np.ma.median(np.ma.masked_invalid(rightward.reshape(*known.shape, -1)), axis=-1)
    right_and_down = np.stack([middle.filled(0) * known, np.zeros(known.shape)], axis=-1)
    flow = torch.from_numpy(right_and_down / shrink).float()
    views = (_blocks(view, shrink).mean((2, 3)) for view in (left[:, shift:], right[:, :width]))
    frames = torch.stack([torch.from_numpy(view).movedim(-1, 0) for view in views])
    return StereoPair(frames.float() / 127.5 - 1, flow, torch.from_numpy(known))


def _blocks(image: np.ndarray, side: int) -> np.ndarray:
    """Cut into squares [rows, columns, side, side, channels]; an incomplete edge is left out."""
    height, width = (n // side * side for n in image.shape[:2])
    return rearrange(image[:height, :width], "(h y) (w x) c -> h w y x c", y=side, x=side)
