"""Exercises about memory and patches: where a number goes when axes move."""

import torch
from einops import rearrange

from .check import BugHunt, Exercise, Slip

STRIDES = Exercise(
    task="return the three strides of torch.zeros(a, b, c), in cells of memory.",
    inputs=lambda: (5, 3, 4),
    reference=lambda _a, b, c: (b * c, c, 1),
    slips=(
        Slip("the last axis runs fastest: its stride is 1.", lambda a, b, _c: (1, a, a * b)),
        Slip(
            "a step along the first axis passes a whole b x c of cells.", lambda _a, b, c: (b, c, 1)
        ),
        Slip("those are sizes; strides are distances.", lambda a, b, c: (a, b, c)),
    ),
)  # fmt: skip


def _numbered(*sizes: int) -> torch.Tensor:
    return torch.arange(torch.Size(sizes).numel()).reshape(sizes).float()


PATCHES_BY_HAND = Exercise(
    task="without einops, turn images [7, 3, 8, 20] into rows [7, 10, 48], one for each 4 x 4 "
    "patch in reading order; inside a row pixel after pixel, its three colours together.",
    inputs=lambda: (_numbered(7, 3, 8, 20),),
    reference=lambda images: rearrange(
        images, "b c (h p) (w q) -> b (h w) (p q c)", p=4, q=4
    ),
    slips=(
        Slip(
            "reshape alone moves nothing: a row holds 48 neighbours of one colour.",
            lambda x: x.reshape(7, 10, 48),
        ),
        Slip(
            "h and w belong together, then p and q: these rows run across the whole image.",
            lambda x: x.reshape(7, 3, 2, 4, 5, 4).permute(0, 2, 3, 4, 5, 1).reshape(7, 10, 48),
        ),
        Slip(
            "the colours come last: here each patch is red, then green, then blue.",
            lambda x: x.reshape(7, 3, 2, 4, 5, 4).permute(0, 2, 4, 1, 3, 5).reshape(7, 10, 48),
        ),
    ),
)  # fmt: skip

EVEN_OUT = Exercise(
    task="take from every picture [b, 3, h, w] the mean of each of its own colours.",
    inputs=lambda: (_numbered(5, 3, 4, 6) ** 2 / 1000,),
    reference=lambda pictures: pictures - pictures.mean((2, 3), keepdim=True),
    slips=(
        Slip(
            "that is one mean for all pictures; each has its own.",
            lambda x: x - x.mean((0, 2, 3), keepdim=True),
        ),
        Slip(
            "that is one mean for all three colours; each has its own.",
            lambda x: x - x.mean((1, 2, 3), keepdim=True),
        ),
        Slip("each row of pixels lost its own mean.", lambda x: x - x.mean(3, keepdim=True)),
    ),
)


def _patchify(pattern: str):
    return lambda images: rearrange(images, pattern, p=4, q=4)


def _keeps_patches_whole(patchify) -> bool:
    images = _numbered(2, 3, 8, 12)
    second_in_second_row = images[:, :, 4:8, 4:8].movedim(1, -1).flatten(1)
    return torch.equal(patchify(images)[:, 4], second_in_second_row)


PATCHES_STAY_WHOLE = BugHunt(
    task="`patchify` turns images [2, 3, 8, 12] into rows [2, 6, 48], one for each 4 x 4 patch in "
    "reading order, the three colours of a pixel together. Return whether it does.",
    inputs=lambda: (_numbered(2, 3, 8, 12),),
    right=_patchify("b c (h p) (w q) -> b (h w) (p q c)"),
    bugs=(
        lambda images: images.reshape(2, 6, 48),
        _patchify("b c (p h) (q w) -> b (h w) (p q c)"),
        _patchify("b c (h p) (w q) -> b (w h) (p q c)"),
        _patchify("b c (h p) (w q) -> b (h w) (c p q)"),
    ),
    reference=_keeps_patches_whole,
)
