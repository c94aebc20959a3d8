"""Skirmishes: small battles of two teams, and players who choose their units' targets."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

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


FEATURES = ("x", "y", "health", "damage", "side", "acts")
HEALTH, DAMAGE, SIDE, ACTS = 2, 3, 4, 5
OWN_SIDE, OTHER_SIDE = (2, 8), (2, 10)


class Situations(NamedTuple):
    """Fields, each seen by one of its units.

    Attributes:
        units: a row for each slot; see `FEATURES`. The side is 1 for one's own and -1
            for enemies; `acts` is 1 for the one who chooses and 0 for all others.
        mask: True where a living unit stands.
    """

    units: Float[Tensor, "situations units features=6"]
    mask: Bool[Tensor, "situations units"]

    @property
    def enemies(self) -> Bool[Tensor, "situations units"]:
        """Whom the acting unit may point at."""
        return self.mask & (self.units[..., SIDE] < 0)

    @property
    def distances(self) -> Float[Tensor, "situations units"]:
        """How far every unit is from the one that acts."""
        places = self.units[..., :2]
        acting = (places * self.units[..., ACTS:]).sum(1, keepdim=True)
        return (places - acting).norm(dim=-1)


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


def situations(num_situations: int, seed: int = 0) -> Situations:
    """Fields with 2 to 8 units on the own side and 2 to 10 on the other; the first one acts.

    Args:
        num_situations: how many.
        seed: the same seed gives the same situations.

    >>> seen = situations(3)
    >>> seen.units.shape[-1], seen.mask.sum(1).tolist()
    (6, [14, 14, 10])
    """
    generator = torch.Generator().manual_seed(seed)
    own, other = (
        torch.randint(least, most + 1, (num_situations,), generator=generator)
        for least, most in (OWN_SIDE, OTHER_SIDE)
    )
    numbers = torch.arange(num_situations)
    return seen_by(deploy(own, other, generator), torch.stack([numbers, 0 * numbers], dim=1))


RANGE = 1.0
Player = Callable[[Situations], Int[Tensor, " situations"]]


def nearest(seen: Situations) -> Int[Tensor, " situations"]:
    """Point at the nearest enemy."""
    return _best(-seen.distances, seen)


def focus_fire(seen: Situations) -> Int[Tensor, " situations"]:
    """Of the enemies in range, point at the one with most damage for its health; else the nearest.

    All units that have the same enemies in range choose the same one: it falls quickly.
    """
    worth = seen.units[..., DAMAGE] / seen.units[..., HEALTH].clamp(min=1e-6)
    in_range = seen.distances < RANGE
    return _best(torch.where(in_range, worth, -seen.distances), seen)


def at_random(seed: int = 0) -> Player:
    """A player that points at any enemy.

    Args:
        seed: of its choices.
    """
    generator = torch.Generator().manual_seed(seed)

    def choose(seen: Situations) -> Int[Tensor, " situations"]:
        return _best(torch.rand(seen.mask.shape, generator=generator), seen)

    return choose


def _best(score: Float[Tensor, "situations units"], seen: Situations) -> Tensor:
    return score.masked_fill(~seen.enemies, -torch.inf).argmax(1)


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


def outcome(units: Units) -> Float[Tensor, " games"]:
    """1 where the first team has more units left than the second, 0 where fewer, else a half."""
    return 0.5 + 0.5 * (units.of(1).sum(1) - units.of(-1).sum(1)).sign()


def win_rate(first: Player, second: Player, num_fields: int = 100, seed: int = 0) -> float:
    """How often the first player beats the second; a draw counts half.

    Every field is played twice, with sides swapped, so that neither player can be
    lucky with its units. A player without chance against itself wins exactly half.

    Args:
        first: a player.
        second: the other.
        num_fields: how many fields, with six units on either side.
        seed: of the fields.

    >>> win_rate(nearest, nearest, num_fields=3)
    0.5
    """
    size = torch.full((num_fields,), 6)
    units = deploy(size, size, torch.Generator().manual_seed(seed))
    ends = (list(fight(some, first, second))[-1] for some in (units, units.swapped()))
    there, back = (end.units for end in ends)
    return (outcome(there).mean() + outcome(back).mean()).item() / 2


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
