"""Guesses about DeiT: how many tokens read each other, where, and what a second one costs."""

import torch

from ...deit import build
from .kinds import ComputedPrediction, WalkedPrediction

BASE = "facebook/deit-base-distilled-patch16-224"
SIZES = {"B": 1, "H": 224, "W": 224, "C": 768, "A": 12, "L": 1000}
LARGER = {**SIZES, "H": 384, "W": 384}


def _built(name: str):
    with torch.device("meta"):
        return build(name)


def _larger_table() -> tuple[int, ...]:
    return tuple(_built(BASE.replace("224", "384")).encoder.to_tokens.positions.shape)


def _price() -> tuple[int]:
    both, plain = (_built(name) for name in (BASE, BASE.replace("-distilled", "")))
    return (sum(p.numel() for p in both.parameters()) - sum(p.numel() for p in plain.parameters()),)


PREDICTIONS = {
    "deit.tokens": WalkedPrediction(
        question="DeiT base cuts pictures of H x W = 224 x 224 pixels into patches of 16 x 16, "
        "C = 768 numbers each, and puts a class and a distillation token in front. Which shape "
        "do the blocks read?",
        formula="B, 2 + (H//16) * (W//16), C",
        symbols=SIZES,
        slips={
            "B, (H//16) * (W//16), C": "those are the patches; two more tokens stand in front.",
            "B, 1 + (H//16) * (W//16), C": "that is the plain model, with a class token only.",
            "B, 2 + (H//4) * (W//4), C": "4 pixels apart is Hiera; here patches have 16.",
        },
        model=BASE,
        stage="encoder.to_tokens",
    ),
    "deit.map": WalkedPrediction(
        question="and the attention map of one block, with A = 12 heads?",
        formula="B, A, 2 + (H//16) * (W//16), 2 + (H//16) * (W//16)",
        symbols=SIZES,
        slips={
            "B, A, 2, 2 + (H//16) * (W//16)": "all tokens ask, not only the two that have heads.",
            "B, A, 2 + (H//16) * (W//16), (H//16) * (W//16)": "all tokens are read, the two in "
            "front included.",
        },
        model=BASE,
        stage="encoder.blocks.0.attention.weights",
        depth=None,
    ),
    "deit.table": ComputedPrediction(
        question="a model for 384 x 384 pixels: which shape has its table of positions?",
        formula="2 + (H//16) * (W//16), C",
        symbols=LARGER,
        slips={
            "(H//16) * (W//16), C": "the tokens in front have a row each.",
            "2 + 14 * 14, C": "those are the rows for 224 pixels.",
            "198 * 384**2 // 224**2, C": "only patches become more; the two in front stay two.",
        },
        compute=_larger_table,
    ),
    "deit.price": ComputedPrediction(
        question="how many parameters more than the plain base model has the distilled one, with "
        "L = 1000 classes? A shape with one axis, such as (1000,), stands for the number.",
        formula="2*C + (C + 1) * L",
        symbols=SIZES,
        slips={
            "C": "that is the token itself. It has a position and a head as well.",
            "C + (C + 1) * L": "the token has a row in the table of positions, too.",
            "2*C + C * L": "the head has a bias for each class.",
            "2*C": "the second head is by far the largest part.",
        },
        compute=_price,
    ),
}
