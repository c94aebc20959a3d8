"""A battle as a few frames, to be looked at."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ...doors import checked
from .battle import Turn


class Film(NamedTuple):
    """Some turns of one game, one frame for each.

    Attributes:
        turns: their numbers; 0 is the first.
        places: where every unit stands.
        health: how it is; 0 where it is dead.
        damage: what its shots do; see `Units`.
        team: 1 or -1.
        targets: the slot it points at, or `NOBODY`.
    """

    turns: tuple[int, ...]
    places: Float[Tensor, "frames units xy=2"]
    health: Float[Tensor, "frames units"]
    damage: Float[Tensor, " units"]
    team: Int[Tensor, " units"]
    targets: Int[Tensor, "frames units"]


@checked
def film(turns: Sequence[Turn], game: int = 0, num_frames: int = 6) -> Film:
    """Frames of one game, evenly spaced from its first turn to its end.

    Args:
        turns: of `fight`.
        game: which of the games.
        num_frames: how many; a shorter battle has fewer.
    """
    going = [int((turn.targets[game] >= 0).any()) for turn in turns]
    last = sum(going)
    chosen = torch.linspace(0, last, min(num_frames, last + 1)).round().int().tolist()
    shown = [turns[number] for number in chosen]
    units = turns[0].units
    return Film(
        turns=tuple(chosen),
        places=torch.stack([turn.units.places[game] for turn in shown]),
        health=torch.stack([turn.units.health[game] for turn in shown]),
        damage=units.damage[game],
        team=units.team[game],
        targets=torch.stack([turn.targets[game] for turn in shown]),
    )
