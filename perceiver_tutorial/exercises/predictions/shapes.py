"""Guesses about arrays that are taken apart and put together."""

import torch
from einops import rearrange

from ...perceiver.preprocessors import Patches
from .kinds import ComputedPrediction

PICTURES = {"B": 6, "H": 32, "W": 40, "P": 8}


def _pictures() -> torch.Tensor:
    return torch.zeros(6, 3, 32, 40, device="meta")


PREDICTIONS = {
    "shapes.rows": ComputedPrediction(
        question="rearrange(pictures, 'b c h w -> b (h w) c') for 6 pictures of 3 x 32 x 40.",
        formula="B, H*W, 3",
        symbols=PICTURES,
        slips={
            "B, 3, H*W": "the pattern names c last: a row for each pixel, its colours beside it.",
            "B, H, W, 3": "the bracket (h w) is one axis: height and width share it.",
            "B*H*W, 3": "b stands alone on the right, so the batch stays an axis of its own.",
            "B, H + W, 3": "every row meets every column: a bracket multiplies.",
        },
        compute=lambda: rearrange(_pictures(), "b c h w -> b (h w) c"),
    ),
    "shapes.patches": ComputedPrediction(
        question="the same 6 pictures in patches of P x P pixels, P = 8: a row for each patch.",
        formula="B, (H//P)*(W//P), P*P*3",
        symbols=PICTURES,
        slips={
            "B, (H//P)*(W//P), P*P": "every pixel has three colours, and none of them is dropped.",
            "B, (H//P)*(W//P), 3": "nothing is averaged: a row holds all numbers of its patch.",
            "B, P*P, (H//P)*(W//P)*3": "turned round: 8 x 8 is what is in a patch.",
            "B, H*W//P, P*3": "patches are P tall and P wide; those are pieces of one line.",
        },
        compute=lambda: rearrange(
            _pictures(), "b c (h p) (w q) -> b (h w) (p q c)", p=8, q=8
        ),
    ),
    "shapes.video": ComputedPrediction(
        question="a video of 16 frames, 3 x 224 x 224, in blocks of 1 frame, 4 x 4 pixels: how "
        "many rows, how many channels?",
        formula="B, T*(H//4)*(W//4), 4*4*3",
        symbols={"B": 1, "T": 16, "H": 224, "W": 224},
        slips={
            "B, T*H*W, 3": "those are all its pixels, 2.4 million rows; 16 of them make a block.",
            "B, T*(H//4)*(W//4), 3": "nothing is thrown away: what leaves space goes into depth.",
            "B, (T//4)*(H//4)*(W//4), 4*4*4*3": "blocks are 1 x 4 x 4: time is not folded.",
            "B, T*(H//4)*(W//4), 4*4": "each of the 16 pixels has three colours.",
        },
        compute=lambda: Patches((16, 224, 224), (1, 4, 4))(
            torch.zeros(1, 16, 3, 224, 224, device="meta")
        ),
    ),
    "shapes.broadcast": ComputedPrediction(
        question="queries[:, None] * keys, where queries is [O, C] and keys is [M, C].",
        formula="O, M, C",
        symbols={"O": 3, "M": 5, "C": 4},
        slips={
            "O, 1, C": "the axis of size 1 is stretched to meet the other's size M.",
            "O, C": "None makes a new axis, and there every query meets every key.",
            "M, O, C": "the new axis stands second: the queries keep the first place.",
            "O + M, C": "nothing is put end to end: each pair gets its own products.",
        },
        compute=lambda: torch.zeros(3, 4)[:, None] * torch.zeros(5, 4),
    ),
}  # fmt: skip
