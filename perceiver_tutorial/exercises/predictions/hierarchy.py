"""Guesses about Hiera: tokens and widths, stage by stage, and what a pre-training sees."""

from dataclasses import replace

from ...hiera import PUBLISHED
from ...tracing import walk
from .kinds import ComputedPrediction, WalkedPrediction

TINY = "facebook/hiera-tiny-224-in1k-hf"
MAE = "facebook/hiera-tiny-224-mae-hf"
SIZES = {"B": 1, "H": 224, "W": 224, "C": 96, "L": 1000}
LARGER = {**SIZES, "H": 448, "W": 320}


def _larger(stage: str):
    return lambda: walk(replace(PUBLISHED[TINY], input_size=(448, 320)))[stage].shape


PREDICTIONS = {
    "hiera.patches": WalkedPrediction(
        question="Hiera tiny takes pictures of H x W = 224 x 224 pixels. A patch sees 7 x 7 of "
        "them, the next begins 4 further on, and each becomes C = 96 numbers. Which shape have "
        "all tokens?",
        formula="B, H//4 * W//4, C",
        symbols=SIZES,
        slips={
            "B, H//7 * W//7, C": "patches overlap: they are 7 wide, but only 4 apart.",
            "B, H//16 * W//16, C": "16 pixels apart is ViT; Hiera begins four times finer.",
            "B, C, H//4, W//4": "so the convolution leaves it; tokens are rows, channels last.",
        },
        model=TINY,
        stage="encoder.to_patches",
    ),
    "hiera.second": ComputedPrediction(
        question="now a picture of 448 x 320 pixels. Which shape leaves the second stage?",
        formula="B, H//8 * W//8, 2*C",
        symbols=LARGER,
        slips={
            "B, H//4 * W//4, 2*C": "on the way into a stage 2 x 2 tokens become one.",
            "B, H//8 * W//8, C": "what is lost in tokens is partly given back in width.",
            "B, H//8 * W//8, 4*C": "a quarter of the tokens, twice the width: half the numbers.",
        },
        compute=_larger("encoder.stages.1.1"),
    ),
    "hiera.last": ComputedPrediction(
        question="and the last?",
        formula="B, H//32 * W//32, 8*C",
        symbols=LARGER,
        slips={
            "B, 49, 8*C": "49 is for 224 x 224; more mask units fit into a larger picture.",
            "B, H//64 * W//64, 16*C": "four stages, but only three changes between them.",
        },
        compute=_larger("encoder.stages.3.1"),
    ),
    "hiera.answer": WalkedPrediction(
        question="and the answer, for L = 1000 classes?",
        formula="B, L",
        symbols=SIZES,
        slips={
            "B, 49, L": "the 49 tokens are averaged first: one score for each class.",
            "B, 1, L": "there is no class token whose axis would stay.",
        },
        model=TINY,
        stage="answer",
    ),
    "hiera.seen": WalkedPrediction(
        question="in pre-training 0.6 of the 49 mask units are hidden, and only whole ones are "
        "kept. How many tokens of 96 channels enter the first stage?",
        formula="B, 19 * 64, C",
        symbols=SIZES,
        slips={
            "B, 3136, C": "that is all of them: hidden units are left out, not blackened.",
            "B, 20 * 64, C": "49 * 0.4 is 19.6, and it is rounded down.",
            "B, 29 * 64, C": "0.6 is the share that is hidden.",
            "B, 19, C": "a mask unit has 8 x 8 tokens in the first stage.",
        },
        model=MAE,
        stage="encoder.stages.0.0",
    ),
}
