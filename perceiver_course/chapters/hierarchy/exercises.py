"""Exercises about Hiera's stages: how many tokens, how wide, and who sees whom."""

from dataclasses import replace

import torch
from einops import rearrange
from torch import Tensor

from perceiver_tutorial.attention import attention
from perceiver_tutorial.hiera import PUBLISHED

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import walked

STAGE_SHAPE = Exercise(
    task="return (tokens, channels) after a stage, counted from 0, of a Hiera that starts with "
    "patches 4 pixels apart and with `channels`; the picture is height x width pixels.",
    inputs=lambda draw: (
        draw.choice((448, 256, 384)),
        320,
        draw.choice((96, 144, 112)),
        draw.choice((2, 1, 3)),
    ),
    reference=lambda height, width, channels, stage: (
        height * width // 16 // 4**stage,
        channels * 2**stage,
    ),
    slips=(
        Slip(
            "2 x 2 tokens become one: a quarter, not a half.",
            lambda height, width, channels, stage: (
                height * width // 16 // 2**stage,
                channels * 2**stage,
            ),
        ),
        Slip(
            "those are pixels; a token stands for every fourth along both axes.",
            lambda height, width, channels, stage: (
                height * width // 4**stage,
                channels * 2**stage,
            ),
        ),
        Slip(
            "width doubles from stage to stage; it is not four times as much.",
            lambda height, width, channels, stage: (
                height * width // 16 // 4**stage,
                channels * 4**stage,
            ),
        ),
        Slip(
            "stages count from 0: before stage 1 there is one pooling.",
            lambda height, width, channels, stage: (
                height * width // 16 // 4 ** (stage + 1),
                channels * 2 ** (stage + 1),
            ),
        ),
        Slip(
            "tokens come first, then channels.",
            lambda height, width, channels, stage: (
                channels * 2**stage,
                height * width // 16 // 4**stage,
            ),
        ),
        Slip(
            "tokens become fewer, and wider: the channels double in every stage.",
            lambda height, width, channels, stage: (height * width // 16 // 4**stage, channels),
        ),
        Slip(
            "a quarter of the tokens, not a half; twice the channels, not four times.",
            lambda height, width, channels, stage: (
                height * width // 16 // 2**stage,
                channels * 4**stage,
            ),
        ),
        Slip(
            "patches stand 4 pixels apart along both axes: that is one for 16 pixels.",
            lambda height, width, channels, stage: (
                height * width // 4 // 4**stage,
                channels * 2**stage,
            ),
        ),
    ),
)


def _tokens(draw) -> tuple[Tensor]:
    batch, groups, channels = draw.sizes(3)
    return (draw.randn(batch, 4 * groups, channels),)


POOL_IN_ORDER = Exercise(
    task="max-pool tokens [batch, 4 n, channels] in pooling order, four to one, into [batch, n, "
    "channels]: the four that belong together stand n apart.",
    inputs=_tokens,
    reference=lambda tokens: tokens.unflatten(1, (4, -1)).amax(1),
    slips=(
        Slip(
            "those four stand side by side in memory; in pooling order they stand n apart.",
            lambda tokens: tokens.unflatten(1, (-1, 4)).amax(2),
        ),
        Slip(
            "that is the mean; Hiera takes the maximum.", lambda t: t.unflatten(1, (4, -1)).mean(1)
        ),
        Slip(
            "a slice keeps one of the four and forgets the others.",
            lambda tokens: tokens[:, : tokens.shape[1] // 4],
        ),
    ),
)

UNITS = 5


def _inside_units(tokens: Tensor, order: str) -> Tensor:
    windows = rearrange(tokens, f"b ({order}) c -> b units slots c", units=UNITS)
    return rearrange(attention(windows, windows, windows), f"b units slots c -> b ({order}) c")


def _shifted(tokens: Tensor) -> Tensor:
    return _inside_units(tokens.roll(1, 1), "slots units")


def _first_unit_only(tokens: Tensor) -> Tensor:
    """Unit 0 is right; the tokens of all other units attend to one another."""
    is_first = torch.arange(tokens.shape[1]) % UNITS == 0
    mask = is_first[:, None] == is_first
    return attention(tokens, tokens, tokens, mask)


def _stays_inside(attention) -> bool:
    tokens = torch.randn(1, 4 * UNITS, 3, generator=torch.Generator().manual_seed(0))
    for place in range(4 * UNITS):
        changed = tokens.clone()
        changed[0, place] += 1
        differs = (attention(changed) != attention(tokens)).any(-1)[0].nonzero()[:, 0]
        if set((differs % UNITS).tolist()) != {place % UNITS}:
            return False
    return True


STAYS_INSIDE = BugHunt(
    task="`attention(tokens)` lets tokens [1, 20, 3] in pooling order attend inside 5 mask units: "
    "token i belongs to unit i % 5. Return whether a change in one token stays in its unit.",
    inputs=lambda: (torch.randn(1, 4 * UNITS, 3),),
    right=lambda tokens: _inside_units(tokens, "slots units"),
    bugs=(
        lambda tokens: _inside_units(tokens, "units slots"),
        lambda tokens: attention(tokens, tokens, tokens),
        _shifted,
        _first_unit_only,
    ),
    reference=_stays_inside,
)


TINY = "facebook/hiera-tiny-224-in1k-hf"
LARGER = replace(PUBLISHED[TINY], input_size=(448, 320))


PREDICTIONS = {
    "hierarchy.patches": walked(
        question="Hiera tiny takes pictures of H x W = 224 x 224 pixels. A patch sees 7 x 7 of "
        "them, the next begins 4 further on, and each becomes C = 96 numbers. Which shape have "
        "all tokens?",
        step=(TINY, "encoder.patches"),
        slips={
            "B, H//7 * W//7, C": "patches overlap: they are 7 wide, but only 4 apart.",
            "B, H//16 * W//16, C": "16 pixels apart is ViT; Hiera begins four times finer.",
            "B, C, H//4, W//4": "so the convolution leaves it; tokens are rows, channels last.",
        },
    ),
    "hierarchy.second": walked(
        question="now a picture of 448 x 320 pixels. Which shape leaves the second stage?",
        step=(LARGER, "encoder.stages.1.1"),
        slips={
            "B, H//4 * W//4, 2*C": "on the way into a stage 2 x 2 tokens become one.",
            "B, H//8 * W//8, C": "what is lost in tokens is partly given back in width.",
            "B, H//8 * W//8, 4*C": "a quarter of the tokens, twice the width: half the numbers.",
        },
    ),
    "hierarchy.last": walked(
        question="and the last?",
        step=(LARGER, "encoder.stages.3.1"),
        slips={
            "B, 49, 8*C": "49 is for 224 x 224; more mask units fit into a larger picture.",
            "B, H//64 * W//64, 16*C": "four stages, but only three changes between them.",
        },
    ),
    "hierarchy.answer": walked(
        question="and the answer, for L = 1000 classes?",
        step=(TINY, "answer"),
        slips={
            "B, 49, L": "the 49 tokens are averaged first: one score for each class.",
            "B, 1, L": "there is no class token whose axis would stay.",
        },
    ),
}
