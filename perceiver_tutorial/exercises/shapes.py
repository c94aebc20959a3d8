"""Exercises about shapes alone: rows, pixels, parameters."""

import torch
from einops import rearrange

from .check import Exercise, Slip


def _images() -> tuple[torch.Tensor]:
    return (torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).float(),)


ROW_OF_PIXEL = Exercise(
    task="return which row of the input array holds the pixel in row y, column x of an image that "
    "is `width` pixels wide; the first row is row 0.",
    inputs=lambda: (7, 30, 224),
    reference=lambda y, x, width: y * width + x,
    slips=(
        Slip(
            "a whole row of pixels is passed before y grows by one: y is what counts in widths.",
            lambda y, x, width: x * width + y,
        ),
        Slip("the first row is row 0, not row 1.", lambda y, x, width: y * width + x + 1),
    ),
)

LINEAR_PARAMETERS = Exercise(
    task="return how many parameters nn.Linear(inputs, outputs) has.",
    inputs=lambda: (261, 1024),
    reference=lambda inputs, outputs: inputs * outputs + outputs,
    slips=(
        Slip("each output has a bias as well.", lambda inputs, outputs: inputs * outputs),
        Slip(
            "there is one bias for each output, not for each input.",
            lambda inputs, outputs: inputs * outputs + inputs,
        ),
    ),
)

PIXELS_TO_ROWS = Exercise(
    task="turn images [batch, 3, height, width] into rows [batch, height * width, 3], one for each "
    "pixel, in reading order.",
    inputs=_images,
    reference=lambda images: rearrange(images, "b c h w -> b (h w) c"),
    slips=(
        Slip(
            "reshape alone moves no axis: a row now holds three neighbours of one colour.",
            lambda images: images.reshape(2, 20, 3),
        ),
        Slip(
            "the rows run down the columns of the image: h comes before w.",
            lambda images: rearrange(images, "b c h w -> b (w h) c"),
        ),
        Slip(
            "the colours are rows here; they should be the last axis.",
            lambda images: rearrange(images, "b c h w -> b c (h w)"),
        ),
    ),
)
