"""How often a classifier is right."""

import torch
from jaxtyping import Int, Shaped
from torch import Tensor, nn

from ..doors import check_numbers, explained


@explained
def accuracy(
    model: nn.Module,
    inputs: Shaped[Tensor, "samples *sizes"],
    labels: Int[Tensor, " samples"],
    batch_size: int = 256,
) -> float:
    """The share of samples whose highest score is that of their label, from 0 to 1.

    Args:
        model: gives scores [batch, classes].
        inputs: what the model takes.
        labels: the right classes.
        batch_size: samples at a time; the answer does not depend on it.

    Raises:
        ValueError: if there are no samples, or not one label for each, or scores are NaN.
    """
    if not len(inputs) or len(inputs) != len(labels):
        raise ValueError(
            f"expected one label for each of one or more samples, got {len(inputs)} samples and "
            f"{len(labels)} labels."
        )
    parts = zip(inputs.split(batch_size), labels.split(batch_size), strict=True)
    with torch.inference_mode():
        right = sum((_chosen(model(some)) == wanted).sum().item() for some, wanted in parts)
    return right / len(labels)


def _chosen(scores: Tensor) -> Tensor:
    check_numbers(scores=scores)
    return scores.argmax(-1)
