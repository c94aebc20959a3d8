"""Finding bright things on a dark ground without learning: the classical way."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..doors import checked

FULL, HALF = 0.89, 0.64  # shares of a box that are filled: between block, disc and triangle
DISC, BLOCK, TRIANGLE = 0, 1, 2


class BrightThings(NamedTuple):
    """What was found in one picture.

    Attributes:
        classes: 0 disc, 1 block, 2 triangle.
        boxes: (centre x, centre y, width, height) from 0 to 1.
        scores: all 1.
    """

    classes: Int[Tensor, " things"]
    boxes: Float[Tensor, "things xywh=4"]
    scores: Float[Tensor, " things"]


@checked
def bright_things(
    image: Float[Tensor, "1 height width"], threshold: float = 0.3, smallest: int = 10
) -> BrightThings:
    """Box every patch of touching bright pixels, and name it after how much of its box is full.

    A rectangle fills its box, an ellipse pi / 4 of it, a triangle half.

    Args:
        image: things of 0.6 and brighter on a ground near 0.
        threshold: from here a pixel is bright.
        smallest: pixels of a thing; smaller ones are noise.
    """
    from scipy.ndimage import find_objects, label

    bright = image[0].detach().float().numpy() > threshold
    numbered, _ = label(bright)
    height, width = bright.shape
    classes, boxes = [], []
    for number, (rows, columns) in enumerate(find_objects(numbered), start=1):
        pixels = int((numbered[rows, columns] == number).sum())
        tall, wide = rows.stop - rows.start, columns.stop - columns.start
        if pixels >= smallest:
            share = pixels / (tall * wide)
            classes.append(BLOCK if share > FULL else DISC if share > HALF else TRIANGLE)
            x, y = (columns.start + columns.stop) / 2, (rows.start + rows.stop) / 2
            boxes.append([x / width, y / height, wide / width, tall / height])
    found = torch.tensor(boxes).reshape(-1, 4)
    return BrightThings(torch.tensor(classes, dtype=torch.long), found, torch.ones(len(found)))
