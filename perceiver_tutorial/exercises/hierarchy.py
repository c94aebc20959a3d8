"""Exercises about Hiera's stages: how many tokens, how wide, and who sees whom."""

import torch
from einops import rearrange
from torch import Tensor

from ..attention import attend
from .check import BugHunt, Exercise, Slip

STAGE_SHAPE = Exercise(
    task="return (tokens, channels) after a stage, counted from 0, of a Hiera that starts with "
    "patches 4 pixels apart and with `channels`; the picture is height x width pixels.",
    inputs=lambda: (448, 320, 96, 2),
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
    ),
)


def _tokens() -> tuple[Tensor]:
    return (torch.randn(2, 24, 3, generator=torch.Generator().manual_seed(0)),)


POOL_IN_ORDER = Exercise(
    task="max-pool tokens [2, 24, 3] in pooling order, four to one, into [2, 6, 3]: the four that "
    "belong together stand 6 apart.",
    inputs=_tokens,
    reference=lambda tokens: tokens.unflatten(1, (4, 6)).amax(1),
    slips=(
        Slip(
            "those four stand side by side in memory; in pooling order they stand 6 apart.",
            lambda tokens: tokens.unflatten(1, (6, 4)).amax(2),
        ),
        Slip(
            "that is the mean; Hiera takes the maximum.", lambda t: t.unflatten(1, (4, 6)).mean(1)
        ),
        Slip("a slice keeps one of the four and forgets the others.", lambda tokens: tokens[:, :6]),
    ),
)

UNITS = 5


def _inside_units(tokens: Tensor, order: str) -> Tensor:
    windows = rearrange(tokens, f"b ({order}) c -> b units slots c", units=UNITS)
    return rearrange(attend(windows, windows, windows), f"b units slots c -> b ({order}) c")


def _shifted(tokens: Tensor) -> Tensor:
    return _inside_units(tokens.roll(1, 1), "slots units")


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
        lambda tokens: attend(tokens, tokens, tokens),
        _shifted,
    ),
    reference=_stays_inside,
)
