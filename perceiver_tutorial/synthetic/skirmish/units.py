"""Units on a field: where they stand, how they are, whose they are."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...doors import checked

MOST_OF_ONE_SIDE = 10
DAMAGES = (1 / 3, 2 / 3, 1.0)
LEAST_HEALTH = 0.1


class Units(NamedTuple):
    """Both teams of many games; a game with fewer units than others has empty slots.

    Attributes:
        places: x and y, unitless, from -1 to 1.
        health: from 0 to 1; 0 where a unit is dead, and where there is none.
        damage: what a unit's shot does to others, in units of the hardest shot.
        team: 1 for the first team, -1 for the second.
    """

    places: Float[Tensor, "games units xy=2"]
    health: Float[Tensor, "games units"]
    damage: Float[Tensor, "games units"]
    team: Int[Tensor, "games units"]

    @property
    def alive(self) -> Bool[Tensor, "games units"]:
        """Who is on the field."""
        return self.health > 0

    def of(self, team: int) -> Bool[Tensor, "games units"]:
        """Who of a team, 1 or -1, is on the field."""
        return self.alive & (self.team == team)

    def swapped(self) -> "Units":
        """The same fields with the teams in each other's place."""
        return self._replace(team=-self.team)


@checked
def deploy(
    first: Int[Tensor, " games"], second: Int[Tensor, " games"], generator: torch.Generator
) -> Units:
    """Put units anywhere on the fields, with any health and one of three damages.

    Args:
        first: units of the first team, for each game.
        second: units of the second team.
        generator: where places, health and damage come from.

    Raises:
        ValueError: if a team has nobody, or more than `MOST_OF_ONE_SIDE`.
    """
    _check_sizes(first, second)
    slot = torch.arange(int((first + second).max()))
    size = (len(first), len(slot))
    health = LEAST_HEALTH + (1 - LEAST_HEALTH) * torch.rand(size, generator=generator)
    return Units(
        places=2 * torch.rand(*size, 2, generator=generator) - 1,
        health=health * (slot < (first + second)[:, None]),
        damage=torch.tensor(DAMAGES)[torch.randint(len(DAMAGES), size, generator=generator)],
        team=torch.where(slot < first[:, None], 1, -1),
    )


def _check_sizes(first: Tensor, second: Tensor) -> None:
    least, most = (int(f(torch.cat([first, second]))) for f in (torch.min, torch.max))
    if least < 1 or most > MOST_OF_ONE_SIDE:
        raise ValueError(
            f"expected from 1 to {MOST_OF_ONE_SIDE} units in every team, got from {least} to "
            f"{most}. Choose other sizes."
        )
