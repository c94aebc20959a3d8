"""Not a number, and nothing at all: where they may pass, and where they must not.

What is computed from NaN is NaN, never a number: models, losses and metrics pass it on, as torch
does. Where a choice is made - the highest score, the best pairing, above or below - NaN would
make one in silence, so it is refused. The mean of nothing would be NaN, too: models, losses and
metrics refuse an empty batch, in every family; what only works row by row answers with nothing.
"""

from torch import Tensor


def check_numbers(**named: Tensor) -> None:
    """Let tensors pass that something is chosen by, or say where they are no numbers.

    Args:
        named: what each is called -> scores, or what else is compared.

    Raises:
        ValueError: if one of them holds NaN.

    >>> import torch
    >>> check_numbers(scores=torch.tensor([0.5, float("nan")]))
    Traceback (most recent call last):
    ValueError: expected numbers in scores, got NaN in 1 of 2. Nothing can be chosen by it: ...
    """
    for name, values in named.items():
        if values.is_meta or not values.is_floating_point():
            continue
        if count := int(values.isnan().sum()):
            raise ValueError(
                f"expected numbers in {name}, got NaN in {count} of {values.numel()}. Nothing can "
                "be chosen by it: look for NaN in the raw input and in the weights."
            )


def check_filled(**named: Tensor) -> None:
    """Let tensors pass that a mean is taken over, or say which of them is empty.

    Args:
        named: what each is called -> a batch, which must not be empty.

    Raises:
        ValueError: if one of them has no number in it.
    """
    for name, values in named.items():
        if not values.numel():
            raise ValueError(
                f"expected at least one sample in {name}, got {list(values.shape)}. Leave empty "
                "batches out: the mean of nothing is no number."
            )
