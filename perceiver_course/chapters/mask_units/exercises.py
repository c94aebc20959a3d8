"""Exercises about mask units: the order of their tokens, there and back."""

import torch
from einops import rearrange, reduce
from torch import Tensor

from ...kit.exercises import BugHunt, Exercise, Slip

SIDE = 4


def _grid() -> tuple[Tensor]:
    return (torch.arange(2 * 24 * 3).view(2, 24, 3) / 10,)


def _unrolled(tokens: Tensor) -> Tensor:
    return rearrange(tokens, "b (h y w x) c -> b (y x h w) c", h=2, y=2, w=3, x=2)


UNROLL_ONCE = Exercise(
    task="unroll a grid of 4 x 6 tokens [2, 24, 3] once: all that stand top left in their 2 x 2 "
    "come first, then all top right, all bottom left, all bottom right.",
    inputs=_grid,
    reference=_unrolled,
    slips=(
        Slip(
            "top right comes before bottom left: y before x.",
            lambda tokens: rearrange(tokens, "b (h y w x) c -> b (x y h w) c", h=2, y=2, w=3, x=2),
        ),
        Slip(
            "that lays whole squares end to end; wanted is the same corner of all squares first.",
            lambda tokens: rearrange(tokens, "b (h y w x) c -> b (h w y x) c", h=2, y=2, w=3, x=2),
        ),
        Slip("nothing has moved yet.", lambda tokens: tokens),
    ),
)

REROLL_ONCE = Exercise(
    task="undo it: tokens [2, 24, 3] in pooling order back on their grid, [2, 4, 6, 3].",
    inputs=lambda: (_unrolled(*_grid()),),
    reference=lambda tokens: rearrange(
        tokens, "b (y x h w) c -> b (h y) (w x) c", y=2, x=2, h=2, w=3
    ),
    slips=(
        Slip(
            "reshape moves nothing: it only draws other borders.",
            lambda tokens: tokens.reshape(2, 4, 6, 3),
        ),
        Slip(
            "rows and columns of the 2 x 2 are exchanged.",
            lambda tokens: rearrange(
                tokens, "b (x y h w) c -> b (h y) (w x) c", y=2, x=2, h=2, w=3
            ),
        ),
    ),
)

UNIT_OF = Exercise(
    task="return (mask unit, slot) of token number `token` in pooling order, where a picture has "
    "`units` mask units.",
    inputs=lambda: (107, 49),
    reference=lambda token, units: (token % units, token // units),
    slips=(
        Slip(
            "so it would be if units were contiguous; they are strided: one token of each in turn.",
            lambda token, units: (token // units, token % units),
        ),
        Slip(
            "a unit has 64 tokens, but neighbours in memory belong to neighbouring units.",
            lambda token, _units: (token // 64, token % 64),
        ),
    ),
)


def _ordered(tokens: Tensor, pattern: str) -> Tensor:
    return rearrange(tokens, pattern, h=1, u=2, y=2, w=2, v=2, x=2)


RIGHT = "b (h u y w v x) c -> b (y x u v h w) c"


def _pools_neighbours(order) -> bool:
    tokens = torch.randn(1, SIDE * 2 * SIDE, 3, generator=torch.Generator().manual_seed(0))
    once = order(tokens).unflatten(1, (4, -1)).amax(1)
    twice = once.unflatten(1, (4, -1)).amax(1)
    picture = tokens.view(1, SIDE, 2 * SIDE, 3)
    wanted = reduce(picture, "b (h y) (w x) c -> b (h w) c", "max", y=SIDE, x=SIDE)
    first = reduce(picture, "b (h y) (w x) c -> b (h w) c", "max", y=2, x=2)
    same_set = torch.equal(once.sort(1).values, first.sort(1).values)
    return same_set and torch.equal(twice, wanted)


POOLS_NEIGHBOURS = BugHunt(
    task="`order(tokens)` unrolls a grid of 4 x 8 tokens [1, 32, 3] for two poolings. Return "
    "whether a maximum over quarters, taken twice, pools 2 x 2 and then 4 x 4 neighbours.",
    inputs=lambda: (torch.randn(1, 32, 3),),
    right=lambda tokens: _ordered(tokens, RIGHT),
    bugs=(
        lambda tokens: _ordered(tokens, "b (h u y w v x) c -> b (u v y x h w) c"),
        lambda tokens: _ordered(tokens, "b (h u y w v x) c -> b (y u x v h w) c"),
        lambda tokens: tokens,
    ),
    reference=_pools_neighbours,
)
