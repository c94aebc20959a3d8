"""Pointing at one of many: cross-entropy over those that may be chosen."""

from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from ...doors import check_filled, checked, has_values
from ..pointing import pointer_logits


@checked
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
