"""Exercises about sets of entities: pointing at some of them, any order, what the maps take."""

import torch
from torch import Tensor

from perceiver_tutorial.perceiver import ALPHASTAR_ENTITIES, EntityConfig, build
from perceiver_tutorial.perceiver.tiny import ENCODER
from perceiver_tutorial.tracing import cost

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction


def _scores_and_mask(draw) -> tuple[Tensor, Tensor]:
    batch, entities = draw.sizes(2, low=3)
    may_point = torch.arange(entities) < 1 + draw.randint(entities - 1, batch)[:, None]
    return 2 * draw.randn(batch, entities), may_point[:, draw.permutation(entities)]


def _shares(scores: Tensor, may_point: Tensor, *, inverted: bool = False, axis: int = -1) -> Tensor:
    barred = may_point if inverted else ~may_point
    return scores.masked_fill(barred, -1e9).softmax(axis).masked_fill(barred, 0)


POINTER_SHARES = Exercise(
    task="return how likely each entity is to be pointed at: the softmax of scores [batch, "
    "entities] over those that may be pointed at; 0 for all others.",
    inputs=_scores_and_mask,
    reference=_shares,
    slips=(
        Slip("nobody is left out: padding and friends get a share.", lambda s, _may: s.softmax(-1)),
        Slip(
            "a score of 0 is no small score: exp(0) is 1. What must not be chosen needs minus "
            "infinity.",
            lambda s, may: (s * may).softmax(-1),
        ),
        Slip(
            "those left out took a share first: the rows no longer sum to 1.",
            lambda s, may: s.softmax(-1) * may,
        ),
        Slip("True means: may be pointed at. Leave out the others, with ~.", {"inverted": True}),
        Slip("that shares out among the samples; entities are the last axis.", {"axis": 0}),
        Slip(
            "scores may be negative: take the exponential of each before they are summed.",
            lambda s, may: s * may / (s * may).sum(-1, keepdim=True),
        ),
        Slip("that is the logarithm of the shares.", lambda s, may: _shares(s, may).log()),
    ),
)


def _cells(
    entities: int, latents: int, layers: int, *, answers: int = 1, maps: int | None = None
) -> tuple[int, int]:
    perceiver = latents * entities + layers * latents**2 + answers * entities * latents
    return perceiver, (maps or layers) * entities**2


ENTITY_MAPS = Exercise(
    task="return two whole numbers, the cells of all attention maps of one head: of a Perceiver IO "
    "whose `latents` read `entities`, think `layers` times, and are asked by every entity; and of "
    "a Transformer of `layers` self-attention layers on the entities.",
    inputs=lambda draw: (draw.choice((512, 300, 1024)), draw.choice((32, 24, 64)), draw.size()),
    reference=_cells,
    slips=(
        Slip("the entities ask in the end: one more map, entities x latents.", {"answers": 0}),
        Slip("every layer of the Transformer has a map of its own.", {"maps": 1}),
        Slip(
            "one layer attends to the entities; the others are self-attention.",
            lambda m, n, layers: (layers * (2 * n * m + n * n), layers * m * m),
        ),
        Slip(
            "self-attention has a map in each layer.",
            lambda m, n, layers: (_cells(m, n, 1)[0], layers * m * m),
        ),
        Slip(
            "first the Perceiver IO, then the Transformer.",
            lambda *sizes: (_cells(*sizes)[1], _cells(*sizes)[0]),
        ),
    ),
)


def _units() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 7, 3, generator=generator), torch.arange(7) < torch.tensor([[5], [6]])


def _scores(units: Tensor, mask: Tensor) -> Tensor:
    mean = (units * mask[..., None]).sum(1, keepdim=True) / mask.sum(1)[:, None, None]
    return (units * mean).sum(-1)


def _is_fair(score) -> bool:
    units, mask = _units()
    order = torch.tensor([3, 6, 0, 5, 1, 4, 2])
    before = score(units, mask)
    follows = torch.allclose(score(units[:, order], mask[:, order]), before[:, order], atol=1e-5)
    other = units.masked_fill(~mask[..., None], 9.0)
    return follows and torch.allclose(score(other, mask)[mask], before[mask], atol=1e-5)


SCORES_FOLLOW = BugHunt(
    task="`score(units, mask)` scores the units [batch, units, features] of a set. Return whether "
    "the scores follow the units into any other order, and whether what stands in padding changes "
    "no other score.",
    inputs=_units,
    right=_scores,
    bugs=(
        lambda units, mask: _scores(units, mask) + 0.1 * torch.arange(units.shape[1]),
        lambda units, mask: _scores(units, mask).sort(1).values,
        lambda units, mask: _scores(units, mask) - units[:, :1].sum(-1),
        lambda units, mask: _scores(units, torch.ones_like(mask)),
    ),
    reference=_is_fair,
)


def _example_scores() -> torch.Tensor:
    model = build(EntityConfig(ENCODER, num_features=6, channels=20))
    return model(torch.zeros(3, 13, 6))


def _map_cells() -> tuple[int, ...]:
    counted = cost(ALPHASTAR_ENTITIES)
    steps = ("encoder.cross.0", "encoder.blocks.0.0", "decoder.cross")
    heads = ALPHASTAR_ENTITIES.encoder.self_heads
    return tuple(counted[step].map_bytes // 4 // heads for step in steps)


PREDICTIONS = {
    "entities.scores": Prediction(
        question="B = 3 situations of M = 13 units of F = 6 features; N = 7 latents read them, and "
        "the units, embedded to C = 20 channels, ask: shall one point at me? Which shape have the "
        "scores?",
        formula="B, M",
        symbols={"B": 3, "M": 13, "F": 6, "N": 7, "C": 20},
        slips={
            "B, N": "the latents are asked; a score comes back for each who asks.",
            "B, M, 1": "one score for each unit: the last axis, of length 1, is dropped.",
            "B, M, M": "each unit gets one score, not one for each other unit.",
            "B, M, C": "a linear map turns the 20 channels of a row into one score.",
            "B, 1": "that would be one answer for the whole set; here every unit asks.",
        },
        compute=_example_scores,
    ),
    "entities.maps": Prediction(
        question="M = 512 entities, N = 32 latents. How many cells has the attention map of one "
        "head in reading, in one turn of thinking, in answering? Give three numbers.",
        formula="N*M, N*N, M*N",
        symbols={"M": 512, "N": 32},
        slips={
            "M*M, M*M, M*M": "that is a Transformer on the entities; here no entity reads another.",
            "N*M, M*M, M*N": "self-attention runs over the latents.",
            "N*M, N*N, N": "every entity asks, not just one query.",
            "N*M, N*N, N*N": "those who ask in the end are the 512 entities.",
        },
        compute=_map_cells,
    ),
}
