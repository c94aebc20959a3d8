"""Pointing: one of all entities is chosen; who must not be chosen is left out here, only here."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from ..doors import checked, explained, has_values


@explained
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
            f"{may_point.dtype} of shape {list(may_point.shape)}. One for each entity: keep, or "
            "fewer than keep."
        )
    if has_values(may_point) and not may_point.any(1).all():
        empty = (~may_point.any(1)).nonzero()[0].item()
        raise ValueError(
            f"expected something to point at in every sample, got nothing in sample {empty}. "
            "Leave such samples out."
        )
    return scores.masked_fill(~may_point, -torch.inf)


@checked
def point(
    model: nn.Module,
    entities: Float[Tensor, "batch entities features"],
    keep: Bool[Tensor, "batch entities"],
    may_point: Bool[Tensor, "batch entities"],
) -> Int[Tensor, " batch"]:
    """The entity with the highest score of those that may be chosen.

    Args:
        model: gives scores [batch, entities] for entities and what to keep.
        entities: raw features.
        keep: True where an entity is, False for padding.
        may_point: see `pointer_logits`.
    """
    with torch.no_grad():
        scores = model(entities, keep=keep)
    return pointer_logits(scores, may_point).argmax(1)
