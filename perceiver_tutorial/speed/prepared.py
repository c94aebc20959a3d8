"""What is made from weights once, and again only when they have changed."""

from collections.abc import Callable

import torch
from torch import Tensor


class Prepared:
    """Something that follows from weights, kept until they change in place.

    Loading a state dict or taking a training step changes weights in place, and torch counts
    such changes: a kept result is never out of date.

    Args:
        make: what to make; called without arguments.
        weights: what it is made from.

    >>> weight = torch.ones(2)
    >>> double = Prepared(lambda: 2 * weight, [weight])
    >>> double(), double() is double()
    (tensor([2., 2.]), True)
    >>> _ = weight.add_(1)
    >>> double()
    tensor([4., 4.])
    """

    def __init__(self, make: Callable[[], Tensor], weights: list[Tensor]):
        self.make = make
        self.weights = weights
        self.changes: list[int] | None = None
        self.made: Tensor | None = None

    def __call__(self) -> Tensor:
        changes = [0 if w.is_inference() else w._version for w in self.weights]
        if changes != self.changes:
            with torch.inference_mode(False), torch.no_grad():
                self.made = self.make()
            self.changes = changes
        return self.made
