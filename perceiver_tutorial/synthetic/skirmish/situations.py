"""A situation: the field as one unit sees it that is about to choose its target."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ...doors import checked
from .units import Units, deploy

FEATURES = ("x", "y", "health", "damage", "side", "acts")
HEALTH, DAMAGE, SIDE, ACTS = 2, 3, 4, 5
OWN_SIDE, OTHER_SIDE = (2, 8), (2, 10)


class Situations(NamedTuple):
    """Fields, each seen by one of its units.

    Attributes:
        units: a row for each slot; see `FEATURES`. The side is 1 for one's own and -1
            for enemies; `acts` is 1 for the one who chooses and 0 for all others.
        keep: True where a living unit stands.
    """

    units: Float[Tensor, "situations units features=6"]
    keep: Bool[Tensor, "situations units"]

    @property
    def enemies(self) -> Bool[Tensor, "situations units"]:
        """Whom the acting unit may point at."""
        return self.keep & (self.units[..., SIDE] < 0)

    @property
    def distances(self) -> Float[Tensor, "situations units"]:
        """How far every unit is from the one that acts."""
        places = self.units[..., :2]
        acting = (places * self.units[..., ACTS:]).sum(1, keepdim=True)
        return (places - acting).norm(dim=-1)


@checked
def seen_by(units: Units, who: Int[Tensor, "situations game_and_unit=2"]) -> Situations:
    """The fields as some of their units see them.

    Args:
        units: the fields.
        who: for each situation the number of a game and of a slot in it.
    """
    game, slot = who.unbind(1)
    side = units.team[game] * units.team[game, slot, None]
    acts = torch.zeros_like(units.health[game]).scatter(1, slot[:, None], 1.0)
    columns = (units.health[game], units.damage[game], side.float(), acts)
    rows = torch.cat([units.places[game], torch.stack(columns, dim=-1)], dim=-1)
    return Situations(rows, units.alive[game])


@checked
def situations(num_situations: int, seed: int = 0) -> Situations:
    """Fields with 2 to 8 units on the own side and 2 to 10 on the other; the first one acts.

    Args:
        num_situations: how many.
        seed: the same seed gives the same situations.

    >>> seen = situations(3)
    >>> seen.units.shape[-1], seen.keep.sum(1).tolist()
    (6, [14, 14, 10])
    """
    generator = torch.Generator().manual_seed(seed)
    own, other = (
        torch.randint(least, most + 1, (num_situations,), generator=generator)
        for least, most in (OWN_SIDE, OTHER_SIDE)
    )
    numbers = torch.arange(num_situations)
    return seen_by(deploy(own, other, generator), torch.stack([numbers, 0 * numbers], dim=1))
