"""Exercises about shapes alone: rows, pixels, parameters."""

import torch
from einops import rearrange

from ...kit.exercises import Exercise, Slip
from ...kit.predictions import walked


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


FOURIER = "deepmind/vision-perceiver-fourier"


PREDICTIONS = {
    "start.input-array": walked(
        question="an image of 3 x 224 x 224 becomes an input array; 64 bands. Which shape has it?",
        step=(FOURIER, "preprocessor"),
        slips={
            "B, H*W, 2*(2*K + 1)": (
                "258 is the position code; the 3 colours are concatenated, not replaced."
            ),
            "B, H*W, 3 + 2*2*K": (
                "256 are the sines and cosines; the two raw coordinates are channels as well."
            ),
            "B, H*W, 3 + K": "64 bands are pitches; each has a sine and a cosine on both axes.",
            "B, 3, H*W": "every pixel is a row; channels, here colours and places, come last.",
            "B, 14*14, 3*16*16": "those are a vision transformer's patches; this one reads pixels.",
        },
    ),
    "start.latents": walked(
        question="512 latents of width 1024 read the 50,176 inputs. Which shape comes out?",
        step=(FOURIER, "encoder"),
        slips={
            "B, H*W, D": "the latents ask, so there are as many rows as latents, not as inputs.",
            "B, N, 3 + 2*(2*K + 1)": "261 is what is read; the result is as wide as who asks.",
            "B, H*W, N": "that is an attention map turned round; its rows are mixed away.",
        },
    ),
    "start.queries": walked(
        question="the decoder is asked one thing: which class? Which shape has that query?",
        step=(FOURIER, "queries"),
        slips={
            "B, 1, L": (
                "so says the post, too; but the query is as wide as a latent, and a linear map "
                "makes 1000 scores of what it reads."
            ),
            "B, L, D": "one query asks for all classes together, not one query for each.",
            "B, D": "queries are an array with rows, even if there is one: its axis stays.",
        },
    ),
    "start.answer": walked(
        question="and the answer?",
        step=(FOURIER, "answer"),
        slips={
            "B, 1, L": "the axis of the one query is squeezed away at the end.",
            "B, L, D": "a linear map turns 1024 channels into 1000 scores.",
        },
    ),
}
