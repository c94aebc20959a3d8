"""Photographs."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps
from torch import Tensor

from ..doors import checked


def cat() -> Image.Image:
    """A tabby cat, 451 x 300 pixels: scikit-image's Chelsea, public domain (CC0)."""
    from skimage.data import chelsea

    return Image.fromarray(chelsea())


# On `cat`, as (row, column): the eye on the left, the eye on the right, the nose.
CAT_MARKS = ((115, 170), (137, 320), (237, 268))


@checked
def cats_eye(side: int = 64) -> Float[Tensor, "1 3 {side} {side}"]:
    """One eye of `cat`, 92 x 92 pixels resampled to `side` x `side`, from 0 to 1."""
    eye = cat().crop((132, 66, 224, 158)).resize((side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(eye)).movedim(-1, 0)[None] / 255


def six_pictures() -> Float[Tensor, "6 3 32 40"]:
    """A cat, an astronaut, coffee, a rocket, stars and the back of an eye, small, from 0 to 1.

    All from scikit-image and in the public domain, cut to 4 : 5 and resampled.
    """
    from skimage import data

    photographs = (
        data.chelsea(), data.astronaut(), data.coffee(),
        data.rocket(), data.hubble_deep_field(), data.retina(),
    )  # fmt: skip
    small = (
        ImageOps.fit(Image.fromarray(photograph), (40, 32), Image.Resampling.BICUBIC)
        for photograph in photographs
    )
    return torch.stack([torch.from_numpy(np.array(p)).movedim(-1, 0) / 255 for p in small])
