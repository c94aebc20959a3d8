"""Whom to shoot at: a model watches a scripted player, and learns to point as it does."""

from collections.abc import Iterator
from itertools import count

from torch import Tensor, nn

from ..perceiver import DecoderConfig, EncoderConfig, EntityConfig, point
from ..perceiver.losses import pointer_loss
from ..synthetic.skirmish import FEATURES, Player, Situations, focus_fire, situations
from .recipe import Recipe

SKIRMISH = EntityConfig(
    encoder=EncoderConfig(
        num_latents=8,
        latent_channels=64,
        num_blocks=1,
        self_attends_per_block=1,
        self_heads=4,
        cross_heads=2,
    ),
    num_features=len(FEATURES),
    channels=64,
    decoder=DecoderConfig(num_heads=2),
)
AT_ONCE, HELD_OUT = 64, 4000


def lessons(seed: int = 0, at_once: int = AT_ONCE) -> Iterator[tuple[Tensor, ...]]:
    """Situations without end, and whom the scripted player points at in them.

    Args:
        seed: the same seed gives the same lessons; none gives the held-out situations.
        at_once: situations in a batch.

    Yields:
        Units, where units are, whom one may point at, whom the player points at.
    """
    for number in count(1):
        seen = situations(at_once, seed=100_000 * (seed + 1) + number)
        yield seen.units, seen.keep, seen.enemies, focus_fire(seen)


def imitation_loss(
    model: nn.Module, units: Tensor, keep: Tensor, enemies: Tensor, chosen: Tensor
) -> Tensor:
    """How surprised a model is by what the scripted player does; see `pointer_loss`."""
    return pointer_loss(model(units, keep=keep), chosen, enemies)


def agreement(model: nn.Module, num_situations: int = HELD_OUT) -> float:
    """The share of held-out situations in which a model points as the scripted player."""
    seen = situations(num_situations)
    return (player(model)(seen) == focus_fire(seen)).float().mean().item()


def player(model: nn.Module) -> Player:
    """A player that points where a model's score is highest.

    Args:
        model: gives scores [batch, units] for units and what to keep.
    """

    def choose(seen: Situations) -> Tensor:
        return point(model, seen.units, seen.keep, seen.enemies)

    return choose


RECIPES = {
    "skirmish": Recipe(
        SKIRMISH, lessons, imitation_loss, agreement, at_least=0.86, steps=700, tables=0.3
    ),
}
