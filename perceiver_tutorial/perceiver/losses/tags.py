"""Token classification: how badly the bytes of a text are labelled."""

from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from ...inputs import has_values


def tag_loss(
    logits: Float[Tensor, "batch bytes labels"],
    tags: Int[Tensor, "batch bytes"],
    mask: Bool[Tensor, "batch bytes"],
) -> Float[Tensor, ""]:
    """The mean cross-entropy of all bytes of text, in nats; padding is not judged.

    Args:
        logits: a score for each label of each byte.
        tags: the true label of each byte; what stands in padding is not looked at.
        mask: True where there is text, False where there is padding.

    Raises:
        ValueError: if there is no text.
    """
    if has_values(mask) and not mask.any():
        raise ValueError("expected at least one byte to judge, got mask without any True.")
    return cross_entropy(logits[mask], tags[mask])
