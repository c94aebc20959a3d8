"""Exercises about shapes alone: rows, pixels, parameters."""

import torch
from einops import rearrange

from ...kit.exercises import Draw, Exercise, Slip
from ...kit.predictions import walked


def _pixel(draw: Draw) -> tuple[int, int, int]:
    return *draw.sizes(2, 5, 40), draw.size(50, 300)


def _row(y: int, x: int, width: int, first: int = 0, rows_above: int = 0) -> int:
    return (y + rows_above) * width + x + first


def _images(draw: Draw) -> tuple[torch.Tensor]:
    batch, height, width = draw.sizes(3, 4, 9)
    return (draw.randn(batch, 3, height, width),)


def _rows(images: torch.Tensor, pattern: str = "b c h w -> b (h w) c") -> torch.Tensor:
    return rearrange(images, pattern)


ROW_OF_PIXEL = Exercise(
    task="return which row of the input array holds the pixel in row y, column x of an image that "
    "is `width` pixels wide; the first row is row 0.",
    inputs=_pixel,
    reference=_row,
    slips=(
        Slip("the first row is row 0, not row 1.", {"first": 1}),
        Slip("y counts the rows above it from 0: none is above row 0.", {"rows_above": -1}),
        Slip(
            "a whole row of pixels is passed before y grows by one: y is what counts in widths.",
            lambda y, x, width: x * width + y,
        ),
        Slip(
            "y is what counts in widths, and the first row is row 0, not row 1.",
            lambda y, x, width: x * width + y + 1,
        ),
        Slip(
            "each of the y rows above holds `width` pixels: multiply.",
            lambda y, x, _width: y + x,
        ),
        Slip("that is the first pixel of row y; x pixels come before.", lambda y, _, w: y * w),
        Slip("the image is not always 224 wide: use `width`.", lambda y, x, _: y * 224 + x),
        Slip("y rows stand above it, not y + 1: the first row is row 0.", {"rows_above": 1}),
    ),
)

LINEAR_PARAMETERS = Exercise(
    task="return how many parameters nn.Linear(inputs, outputs) has.",
    inputs=lambda draw: tuple(draw.sizes(2, 10, 400)),
    reference=lambda inputs, outputs: inputs * outputs + outputs,
    slips=(
        Slip("each output has a bias as well.", lambda inputs, outputs: inputs * outputs),
        Slip(
            "there is one bias for each output, not for each input.",
            lambda inputs, outputs: inputs * outputs + inputs,
        ),
        Slip("every output has its own bias, not one for all.", lambda i, o: i * o + 1),
        Slip("only outputs have a bias; inputs have none.", lambda i, o: (i + 1) * (o + 1)),
        Slip("every input meets every output: multiply.", lambda i, o: i + o),
        Slip("weight and bias are two tensors; count the numbers in them.", lambda *_: 2),
    ),
)

PIXELS_TO_ROWS = Exercise(
    task="turn images [batch, 3, height, width] into rows [batch, height * width, 3], one for each "
    "pixel, in reading order.",
    inputs=_images,
    reference=_rows,
    slips=(
        Slip(
            "reshape alone moves no axis: a row now holds three neighbours of one colour.",
            lambda images: images.reshape(len(images), -1, 3),
        ),
        Slip(
            "the rows run down the columns of the image: h comes before w.",
            {"pattern": "b c h w -> b (w h) c"},
        ),
        Slip(
            "the colours are rows here; they should be the last axis.",
            {"pattern": "b c h w -> b c (h w)"},
        ),
        Slip(
            "the order of the colours should stay: red, green, blue.",
            lambda images: _rows(images.flip(1)),
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
            "B, H*W, 3": "those are the colours; the position code of 258 channels is appended.",
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
            "B, N, N": "that is what the latents' own attention map looks like; each latent has "
            "1024 channels.",
            "B, N, H*W": "that is the attention map: it says how much of each input is read.",
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
