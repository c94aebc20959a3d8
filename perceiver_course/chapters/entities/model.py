"""A policy that points: its scores and loss, its recipe, and a scorer of single rows."""

from collections.abc import Iterator
from itertools import count

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from perceiver_tutorial.inputs import check_filled, has_values
from perceiver_tutorial.perceiver import DecoderConfig, EncoderConfig, EntityConfig

from ...kit.recipes.recipe import Recipe
from .data import FEATURES, Player, Situations, focus_fire, situations


def pointer_logits(
    scores: Float[Tensor, "batch entities"], may_point: Bool[Tensor, "batch entities"]
) -> Float[Tensor, "batch entities"]:
    """Scores where one may point, minus infinity elsewhere: softmax makes probabilities of them.

    A model gives a score to every row, padding included. All that choose or judge go
    through this function.

    Args:
        scores: one for each entity.
        may_point: True for entities that may be chosen; never for padding.

    Raises:
        ValueError: if the two do not go together, or nothing may be chosen.

    >>> pointer_logits(torch.zeros(1, 3), torch.tensor([[True, False, True]]))
    tensor([[0., -inf, 0.]])
    """
    if may_point.dtype != torch.bool or may_point.shape != scores.shape:
        raise ValueError(
            f"expected may_point as True and False of shape {list(scores.shape)}, got "
            f"{may_point.dtype} of shape {list(may_point.shape)}. One for each entity: mask, or "
            "fewer than mask."
        )
    if has_values(may_point) and not may_point.any(1).all():
        empty = (~may_point.any(1)).nonzero()[0].item()
        raise ValueError(
            f"expected something to point at in every sample, got nothing in sample {empty}. "
            "Leave such samples out."
        )
    return scores.masked_fill(~may_point, -torch.inf)


def point(
    model: nn.Module,
    entities: Float[Tensor, "batch entities features"],
    mask: Bool[Tensor, "batch entities"],
    may_point: Bool[Tensor, "batch entities"],
) -> Int[Tensor, " batch"]:
    """The entity with the highest score of those that may be chosen.

    Args:
        model: gives scores [batch, entities] for entities and a mask.
        entities: raw features.
        mask: True where an entity is, False for padding.
        may_point: see `pointer_logits`.
    """
    with torch.no_grad():
        scores = model(entities, mask=mask)
    return pointer_logits(scores, may_point).argmax(1)


def pointer_loss(
    scores: Float[Tensor, "batch entities"],
    chosen: Int[Tensor, " batch"],
    may_point: Bool[Tensor, "batch entities"],
) -> Float[Tensor, ""]:
    """How surprising the right choices are: the mean of -log softmax, in nats.

    Softmax goes over all that may be chosen. Their number may differ from sample to sample;
    guessing evenly among k costs log k.

    Args:
        scores: one for each entity, as the model gives them.
        chosen: number of the right entity.
        may_point: True for entities that may be chosen.

    Raises:
        ValueError: if a right choice is one that may not be chosen.
    """
    check_filled(scores=scores)
    logits = pointer_logits(scores, may_point)
    allowed = may_point.gather(1, chosen[:, None])[:, 0]
    if has_values(allowed) and not allowed.all():
        sample = (~allowed).nonzero()[0].item()
        raise ValueError(
            f"expected every choice among those that may be chosen, got entity "
            f"{chosen[sample].item()} in sample {sample}. Compare chosen with may_point."
        )
    return cross_entropy(logits, chosen)


class RowScorer(nn.Module):
    """One score for each row of a set, in any order and number, without attention.

    Args:
        num_features: numbers that a row is told by.
        sees_mean: a row also sees the mean of what all rows became (Deep Sets,
            arXiv 1703.06114); otherwise nothing but itself.
    """

    def __init__(self, num_features: int, sees_mean: bool):
        super().__init__()
        channels = 128
        self.sees_mean = sees_mean
        self.embed = nn.Sequential(
            nn.Linear(num_features, channels), nn.GELU(), nn.Linear(channels, channels)
        )
        self.score = nn.Sequential(
            nn.Linear(channels * (1 + sees_mean), channels),
            nn.GELU(),
            nn.Linear(channels, channels),
            nn.GELU(),
            nn.Linear(channels, 1),
        )

    def forward(
        self, rows: Float[Tensor, "batch rows features"], mask: Bool[Tensor, "batch rows"]
    ) -> Float[Tensor, "batch rows"]:
        embedded = self.embed(rows)
        if self.sees_mean:
            kept = embedded * mask[..., None]
            mean = kept.sum(1, keepdim=True) / mask.sum(1)[:, None, None].clamp(min=1)
            embedded = torch.cat([embedded, mean.expand_as(embedded)], dim=-1)
        return self.score(embedded)[..., 0]


SKIRMISH = EntityConfig(
    encoder=EncoderConfig(
        num_latents=8,
        latent_channels=64,
        num_blocks=1,
        layers_per_block=1,
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
        yield seen.units, seen.mask, seen.enemies, focus_fire(seen)


def imitation_loss(
    model: nn.Module, units: Tensor, mask: Tensor, enemies: Tensor, chosen: Tensor
) -> Tensor:
    """How surprised a model is by what the scripted player does; see `pointer_loss`."""
    return pointer_loss(model(units, mask=mask), chosen, enemies)


def agreement(model: nn.Module, num_situations: int = HELD_OUT) -> float:
    """The share of held-out situations in which a model points as the scripted player."""
    seen = situations(num_situations)
    return (player(model)(seen) == focus_fire(seen)).float().mean().item()


def player(model: nn.Module) -> Player:
    """A player that points where a model's score is highest.

    Args:
        model: gives scores [batch, units] for units and a mask.
    """

    def choose(seen: Situations) -> Tensor:
        return point(model, seen.units, seen.mask, seen.enemies)

    return choose


RECIPES = {
    "skirmish": Recipe(
        SKIRMISH, lessons, imitation_loss, agreement, at_least=0.86, steps=700, tables=0.3
    ),
}
