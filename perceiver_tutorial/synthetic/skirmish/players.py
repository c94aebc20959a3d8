"""Who chooses targets: by chance, by distance, or by a script that concentrates fire."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ...doors import checked
from .situations import DAMAGE, HEALTH, Situations

RANGE = 1.0
Player = Callable[[Situations], Int[Tensor, " situations"]]


@checked
def nearest(seen: Situations) -> Int[Tensor, " situations"]:
    """Point at the nearest enemy."""
    return _best(-seen.distances, seen)


@checked
def focus_fire(seen: Situations) -> Int[Tensor, " situations"]:
    """Of the enemies in range, point at the one with most damage for its health; else the nearest.

    All units that have the same enemies in range choose the same one: it falls quickly.
    """
    worth = seen.units[..., DAMAGE] / seen.units[..., HEALTH].clamp(min=1e-6)
    in_range = seen.distances < RANGE
    return _best(torch.where(in_range, worth, -seen.distances), seen)


@checked
def at_random(seed: int = 0) -> Player:
    """A player that points at any enemy.

    Args:
        seed: of its choices.
    """
    generator = torch.Generator().manual_seed(seed)

    def choose(seen: Situations) -> Int[Tensor, " situations"]:
        return _best(torch.rand(seen.keep.shape, generator=generator), seen)

    return choose


def _best(score: Float[Tensor, "situations units"], seen: Situations) -> Tensor:
    return score.masked_fill(~seen.enemies, -torch.inf).argmax(1)
