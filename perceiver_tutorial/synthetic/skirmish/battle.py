"""A battle: both teams choose at once, shoot what is in range, walk towards what is not."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ...doors import checked
from .players import RANGE, Player
from .situations import seen_by
from .units import Units, deploy

HARDEST_SHOT = 0.12
STRIDE = 0.1
MAX_TURNS = 60
NOBODY = -1


class Turn(NamedTuple):
    """The fields before a turn, and what everybody does in it.

    Attributes:
        units: the fields.
        targets: the slot of each unit's target, or `NOBODY`.
    """

    units: Units
    targets: Int[Tensor, "games units"]


def fight(
    units: Units, first: Player, second: Player, max_turns: int = MAX_TURNS
) -> Iterator[Turn]:
    """Yield turn after turn, until nobody has an enemy; the last turn is the end, without targets.

    Args:
        units: where the battles begin.
        first: chooses for the first team.
        second: chooses for the second team.
        max_turns: after so many turns the battles end as they stand.
    """
    for _ in range(max_turns):
        targets = torch.maximum(choose(units, first, 1), choose(units, second, -1))
        if (targets == NOBODY).all():
            break
        yield Turn(units, targets)
        units = after(units, targets)
    yield Turn(units, torch.full_like(units.team, NOBODY))


def choose(units: Units, player: Player, team: int) -> Int[Tensor, "games units"]:
    """The targets of one team; `NOBODY` for all others, the dead, and where no enemy is left."""
    acting = units.of(team) & units.of(-team).any(1, keepdim=True)
    targets = torch.full_like(units.team, NOBODY)
    if acting.any():
        targets[acting] = player(seen_by(units, acting.nonzero()))
    return targets


@checked
def after(units: Units, targets: Int[Tensor, "games units"]) -> Units:
    """The fields one turn later; all shots of a turn are fired at the same time.

    Args:
        units: the fields.
        targets: see `Turn`.
    """
    acts, target = targets != NOBODY, targets.clamp(min=0)
    way = units.places.gather(1, target[..., None].expand(-1, -1, 2)) - units.places
    distance = way.norm(dim=-1)
    shoots, walks = acts & (distance < RANGE), acts & (distance >= RANGE)
    shots = HARDEST_SHOT * units.damage * shoots
    harm = torch.zeros_like(units.health).scatter_add(1, target, shots)
    stride = STRIDE * walks / distance.clamp(min=STRIDE)
    return units._replace(
        places=units.places + stride[..., None] * way, health=(units.health - harm).clamp(min=0)
    )


@checked
def outcome(units: Units) -> Float[Tensor, " games"]:
    """1 where the first team has more units left than the second, 0 where fewer, else a half."""
    return 0.5 + 0.5 * (units.of(1).sum(1) - units.of(-1).sum(1)).sign()


@checked
def win_rate(
    first: Player, second: Player, num_fields: int = 100, team_size: int = 6, seed: int = 0
) -> float:
    """How often the first player beats the second; a draw counts half.

    Every field is played twice, with sides swapped, so that neither player can be
    lucky with its units. A player without chance against itself wins exactly half.

    Args:
        first: a player.
        second: the other.
        num_fields: how many fields.
        team_size: units on either side.
        seed: of the fields.

    >>> from .players import nearest
    >>> win_rate(nearest, nearest, num_fields=3)
    0.5
    """
    size = torch.full((num_fields,), team_size)
    units = deploy(size, size, torch.Generator().manual_seed(seed))
    ends = (list(fight(some, first, second))[-1] for some in (units, units.swapped()))
    there, back = (end.units for end in ends)
    return (outcome(there).mean() + outcome(back).mean()).item() / 2
