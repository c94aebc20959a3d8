"""Numbers that hide nothing: every parameter has its own value, and 53 bits if wanted."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def in_float64() -> Iterator[None]:
    """Make everything in float64, where rounding is far below what a wrong constant changes."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def shake(model: nn.Module, spread: float = 0.3) -> nn.Module:
    """Zero initialisation hides swaps; after this nothing is zero or equal."""
    from perceiver_course.kit.proofs import randomise  # after conftest has hooked the packages

    return randomise(model, std=spread)


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference over largest value."""
    assert ours.shape == theirs.shape, f"{list(ours.shape)} is not {list(theirs.shape)}"
    ours, theirs = ours.detach(), theirs.detach()
    return float((ours - theirs).abs().max() / theirs.abs().max())
