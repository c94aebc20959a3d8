"""Exercises about mask units: the order of their tokens, there and back."""

import torch
from einops import rearrange, reduce
from torch import Tensor

from ...kit.exercises import BugHunt, Exercise, Slip

SIDE = 4


def _grid(draw) -> tuple[Tensor, int]:
    batch, rows, columns, channels = draw.sizes(4, low=2, high=6)
    return draw.randn(batch, 4 * rows * columns, channels), 2 * rows


SQUARES = "b (h y w x) c"


def _unrolled(tokens: Tensor, rows: int, order: str = "y x h w") -> Tensor:
    return rearrange(tokens, f"{SQUARES} -> b ({order}) c", h=rows // 2, y=2, x=2)


def _rerolled(tokens: Tensor, rows: int, order: str = "y x h w") -> Tensor:
    return rearrange(tokens, f"b ({order}) c -> b (h y) (w x) c", h=rows // 2, y=2, x=2)


UNROLL_ONCE = Exercise(
    task="unroll tokens [batch, rows * columns, channels] of a grid of `rows` rows once: all that "
    "stand top left in their 2 x 2 come first, then all top right, all bottom left, all bottom "
    "right.",
    inputs=_grid,
    reference=_unrolled,
    slips=(
        Slip("top right comes before bottom left: y before x.", {"order": "x y h w"}),
        Slip(
            "that lays whole squares end to end; wanted is the same corner of all squares first.",
            {"order": "h w y x"},
        ),
        Slip("nothing has moved yet.", {"order": "h y w x"}),
    ),
)

REROLL_ONCE = Exercise(
    task="undo it: tokens [batch, rows * columns, channels] in pooling order back on their grid of "
    "`rows` rows, [batch, rows, columns, channels].",
    inputs=_grid,
    reference=_rerolled,
    slips=(
        Slip(
            "reshape moves nothing: it only draws other borders.",
            {"order": "h y w x"},
        ),
        Slip(
            "rows and columns of the 2 x 2 are exchanged.",
            {"order": "x y h w"},
        ),
    ),
)

UNIT_OF = Exercise(
    task="return (mask unit, slot) of token number `token` in pooling order, where a picture has "
    "`units` mask units.",
    inputs=lambda draw: (draw.choice((107, 1200, 640)), draw.choice((49, 35, 70))),
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
        Slip(
            "units and slots count from 0.",
            lambda token, units: (token % units + 1, token // units + 1),
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
