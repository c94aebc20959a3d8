"""Exercises about sounds and boxes: patches in time, overlap, and a query of its own for each."""

import torch
from einops import rearrange
from torch import Tensor

from ..perceiver.boxes import corners, intersection_over_union
from ..perceiver.losses import match
from .check import BugHunt, Exercise, Slip


def _two_lists_of_boxes() -> tuple[Tensor, Tensor]:
    some = [[0.5, 0.5, 0.4, 0.2], [0.3, 0.6, 0.2, 0.4], [0.2, 0.2, 0.2, 0.1], [0.5, 0.4, 0.8, 0.6]]
    others = [
        [0.6, 0.5, 0.4, 0.3],
        [0.3, 0.6, 0.2, 0.4],
        [0.7, 0.9, 0.1, 0.2],
        [0.4, 0.5, 0.2, 0.3],
    ]
    return torch.tensor(some), torch.tensor(others)


def _shared(first: Tensor, second: Tensor) -> Tensor:
    """Sides (wide, tall) of what two boxes, given by their corners, share; negative if apart."""
    return torch.minimum(first[:, 2:], second[:, 2:]) - torch.maximum(first[:, :2], second[:, :2])


def _areas(some: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """What boxes share, and the sum of both areas."""
    shared = _shared(corners(some), corners(others)).clamp(min=0).prod(-1)
    return shared, some[:, 2:].prod(-1) + others[:, 2:].prod(-1)


def _unclamped(some: Tensor, others: Tensor) -> Tensor:
    shared = _shared(corners(some), corners(others)).prod(-1)
    return shared / (some[:, 2:].prod(-1) + others[:, 2:].prod(-1) - shared)


def _taken_as_corners(some: Tensor, others: Tensor) -> Tensor:
    shared = _shared(some, others).clamp(min=0).prod(-1)
    sizes = (some[:, 2:] - some[:, :2], others[:, 2:] - others[:, :2])
    return shared / (sizes[0].prod(-1) + sizes[1].prod(-1) - shared)


BOX_OVERLAP = Exercise(
    task="return the intersection over union of boxes some[i] and others[i], both [boxes, 4] as "
    "(centre x, centre y, width, height).",
    inputs=_two_lists_of_boxes,
    reference=intersection_over_union,
    slips=(
        Slip(
            "what both cover was counted twice: take it off the sum of the areas.",
            lambda some, others: _areas(some, others)[0] / _areas(some, others)[1],
        ),
        Slip(
            "boxes that lie apart share nothing: two negative sides make no area. clamp(min=0).",
            _unclamped,
        ),
        Slip("a box is its centre and its size here, not two corners.", _taken_as_corners),
        Slip(
            "that is the area they share, over nothing yet.",
            lambda some, others: _areas(some, others)[0],
        ),
    ),
)

# All three things like query 1 best, and whoever is served first spoils it for the others.
COSTS = torch.tensor(
    [
        [6.0, 5.0, 2.5],
        [1.0, 0.5, 2.0],
        [4.0, 6.0, 9.0],
        [1.5, 8.0, 7.0],
    ]
)


def _query_of_each_thing(costs: Tensor) -> Tensor:
    queries, things = match(costs)
    return queries[things.argsort()]


def _one_after_another(costs: Tensor) -> Tensor:
    left, taken = costs.clone(), []
    for thing in range(costs.shape[1]):
        taken.append(int(left[:, thing].argmin()))
        left[taken[-1]] = torch.inf
    return torch.tensor(taken)


PAIR_UP = Exercise(
    task="return for each thing, a column of costs [queries, things], the number of its query, as "
    "a tensor: no query twice, and the sum of the costs as small as can be.",
    inputs=lambda: (COSTS,),
    reference=_query_of_each_thing,
    slips=(
        Slip("that lets two things share a query: argmin of a column knows of no other.",
             lambda costs: costs.argmin(0)),
        Slip("no query is taken twice, but who comes first takes what the others need.",
             _one_after_another),
        Slip("those are the things of the queries: a number for each thing is asked for.",
             lambda costs: match(costs)[1]),
        Slip("those are the queries in their own order: order them by their things.",
             lambda costs: match(costs)[0]),
        Slip("low costs are good: that finds the largest sum.",
             lambda costs: _query_of_each_thing(-costs)),
    ),
)  # fmt: skip


def _thing_of_each_query(costs: Tensor) -> Tensor:
    chosen = costs.new_full((len(costs),), -1, dtype=torch.long)
    queries, things = match(costs)
    chosen[queries] = things
    return chosen


def _each_thing_its_best(costs: Tensor) -> Tensor:
    """Two things may want one query, and the later gets it."""
    chosen = costs.new_full((len(costs),), -1, dtype=torch.long)
    for thing, query in enumerate(costs.argmin(0).tolist()):
        chosen[query] = thing
    return chosen


def _in_order_of_things(costs: Tensor) -> Tensor:
    chosen = costs.new_full((len(costs),), -1, dtype=torch.long)
    chosen[_one_after_another(costs)] = torch.arange(costs.shape[1])
    return chosen


def _pairs_well(pair) -> bool:
    chosen = pair(COSTS)
    taken = (chosen >= 0).nonzero()[:, 0]
    once = sorted(chosen[taken].tolist()) == [0, 1, 2]
    return once and COSTS[taken, chosen[taken]].sum().item() < 5


ONE_QUERY_EACH = BugHunt(
    task="`pair(costs)` takes costs [queries, things] and gives for each query the number of its "
    "thing, -1 for none. Return whether every thing gets exactly one query, at the least cost.",
    inputs=lambda: (COSTS,),
    right=_thing_of_each_query,
    bugs=(
        lambda costs: costs.argmin(1),
        _each_thing_its_best,
        _in_order_of_things,
        lambda costs: _thing_of_each_query(-costs),
    ),
    reference=_pairs_well,
)


def _counted() -> tuple[Tensor]:
    return (torch.arange(24.0).reshape(2, 12, 1),)


def _keeps_time(patches) -> bool:
    (sounds,) = _counted()
    return patches(sounds).flatten(1).tolist() == sounds.flatten(1).tolist()


PATCHES_IN_TIME = BugHunt(
    task="`patches(sounds)` takes sounds [2, 12, 1] and makes rows [2, 3, 4] of neighbouring "
    "samples. Return whether every sample is where it belongs.",
    inputs=_counted,
    right=lambda sounds: rearrange(sounds, "b (n patch) 1 -> b n patch", patch=4),
    bugs=(
        lambda sounds: rearrange(sounds, "b (patch n) 1 -> b n patch", patch=4),
        lambda sounds: rearrange(sounds, "b (n patch) 1 -> b n patch", patch=4).flip(-1),
        lambda sounds: rearrange(sounds.flip(0), "b (n patch) 1 -> b n patch", patch=4),
        lambda sounds: (
            rearrange(sounds, "b (n patch) 1 -> b n patch", patch=4)
            .mean(-1, keepdim=True)
            .expand(-1, -1, 4)
        ),
    ),
    reference=_keeps_time,
)
