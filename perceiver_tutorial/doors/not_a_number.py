"""Not a number, and nothing at all: where they may pass, and where they must not.

What is computed from NaN is NaN, never a number: models, losses and metrics pass it on, as torch
does. Where a choice is made - the highest score, the best pairing, above or below - NaN would
make one in silence, so it is refused. The mean of nothing would be NaN, too: models, losses and
metrics refuse an empty batch, in every family; what only works row by row answers with nothing.
"""

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch._subclasses import FakeTensor


def has_values(*tensors: Tensor) -> bool:
    """Whether the numbers in tensors can be looked at.

    Not on the meta device, not while somebody compiles, exports or traces, and not under a
    transform such as vmap: what is then asked about numbers stops all of these.

    >>> has_values(torch.ones(2)), has_values(torch.ones(2, device="meta"))
    (True, False)
    """
    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return False
    return not any(
        x.is_meta or isinstance(x, FakeTensor) or is_functorch_wrapped_tensor(x) for x in tensors
    )


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
        if not values.is_floating_point() or not has_values(values):
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
