"""Which parts of an input are seen: chosen at random, in blocks, in tubes, or by hand.

A part is a mask unit: a square of tokens in Hiera, one patch in DeiT.
"""

import math
from numbers import Real

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .inputs import has_values

UNCOUNTED = (
    "expected the numbers of kept mask units while a model is compiled, exported or under a "
    "transform, got a mask, which does not say how many there are. Call predict(images, "
    "kept) there, with kept = kept_units(mask, units, batch_size) from before."
)


def random_units(
    batch_size: int,
    units: tuple[int, ...],
    mask_ratio: float,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "batch kept"]:
    """Choose mask units to mask, every one as likely as any other. Paper: Hiera 3.3.

    Args:
        batch_size: samples.
        units: mask units along each axis.
        mask_ratio: share that is hidden; what is kept is rounded down, but is at least one.
        generator: where the choice comes from. Default: torch's own.

    Returns:
        Numbers of the kept units, in order.

    Raises:
        ValueError: if `mask_ratio` is not from 0 to below 1.

    >>> random_units(2, (7, 7), mask_ratio=0.6).shape
    torch.Size([2, 19])
    """
    draws = torch.rand(batch_size, math.prod(units), generator=generator)
    return _lowest(draws, mask_ratio)


def block_units(
    batch_size: int,
    units: tuple[int, ...],
    mask_ratio: float,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "batch kept"]:
    """Hide one rectangle (box) of neighbours around a random place: harder than at random.

    Arguments, answer and errors as in `random_units`; the hidden units are the nearest
    to the place, so the block may be cut by the border.
    """
    centres = torch.rand(batch_size, 1, len(units), generator=generator)
    axes = [torch.arange(n) / max(1, n - 1) for n in units]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).flatten(0, -2)
    distances = (places - centres).abs().amax(-1)
    return _lowest(-distances, mask_ratio)


def tube_units(
    batch_size: int,
    units: tuple[int, ...],
    mask_ratio: float,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "batch kept"]:
    """Hide the same places at all times of a video, so that no other frame tells.

    Arguments, answer and errors as in `random_units`; the first axis of `units` is time.

    Raises:
        ValueError: if there is no axis of time.
    """
    if len(units) != 3:
        raise ValueError(
            f"expected units along (frames, height, width), got {units}. A picture has no tube "
            "to hide: use random_units or block_units."
        )
    places = random_units(batch_size, units[1:], mask_ratio, generator)
    steps = torch.arange(units[0]) * math.prod(units[1:])
    return rearrange(steps[:, None] + places[:, None], "b t n -> b (t n)")


def _lowest(draws: Float[Tensor, "batch units"], mask_ratio: float) -> Int[Tensor, "batch kept"]:
    check_mask_ratio(mask_ratio)
    num_kept = max(1, int(draws.shape[1] * (1 - mask_ratio)))
    return draws.argsort(1)[:, :num_kept].sort(1).values


def check_mask_ratio(mask_ratio: float) -> None:
    """Let a share pass, or say what is wrong with it.

    Raises:
        ValueError: if it is no number from 0 to below 1.
    """
    if not isinstance(mask_ratio, Real) or not 0 <= mask_ratio < 1:
        raise ValueError(
            f"expected mask_ratio from 0 to below 1, got {mask_ratio!r}. It is the share that is "
            "hidden; something must be seen."
        )


def kept_units(
    mask: Bool[Tensor, "batch units"], units: tuple[int, ...], batch_size: int
) -> Int[Tensor, "batch kept"]:
    """The numbers of the units that are kept, for a mask made by hand.

    Args:
        mask: True for units that are seen; as many in every sample.
        units: mask units along each axis.
        batch_size: samples that are to come.

    Raises:
        ValueError: if shape or type is wrong, samples keep nothing or not equally many, or the
            mask cannot be looked at: how many units are kept is then unknown.
    """
    check_mask(mask, units, batch_size)
    if torch.compiler.is_dynamo_compiling():
        torch._dynamo.graph_break(msg=UNCOUNTED)  # as one graph: refused; else: not compiled
    elif not has_values(mask):
        raise ValueError(UNCOUNTED)
    counts = mask.sum(1)
    if has_values(mask) and (counts.min() != counts.max() or not counts.min()):
        raise ValueError(
            f"expected equally many kept units in every sample, and at least one, got "
            f"{counts.tolist()}. Set as many of mask to True in each."
        )
    return mask.nonzero()[:, 1].view(batch_size, -1)


def check_mask(
    mask: Tensor, units: tuple[int, ...], batch_size: int, of: str = "mask unit"
) -> None:
    """Let a mask made by hand pass, or say what is wrong with it.

    Args:
        mask: True for units that are seen.
        units: how many there are along each axis.
        batch_size: samples that are to come.
        of: what a unit is called where the mask is for.

    Raises:
        ValueError: if shape or type is wrong.
    """
    wanted = [batch_size, math.prod(units)]
    is_array = isinstance(mask, Tensor)
    if not is_array or mask.dtype != torch.bool or list(mask.shape) != wanted:
        got = f"{list(mask.shape)} of {mask.dtype}" if is_array else type(mask).__name__
        raise ValueError(
            f"expected mask as {wanted} of True and False, one for each {of}, got {got}. A 1 that "
            "hides, as in other code, is ~mask here."
        )


def mask_of(kept: Int[Tensor, "batch kept"], units: tuple[int, ...]) -> Bool[Tensor, "batch units"]:
    """True for the units whose numbers are given."""
    nothing = torch.zeros(kept.shape[0], math.prod(units), dtype=torch.bool, device=kept.device)
    return nothing.scatter(1, kept, value=True)


def spread(
    mask: Bool[Tensor, "batch units"], units: tuple[int, ...], sizes: tuple[int, ...]
) -> Bool[Tensor, "batch *grid"]:
    """The same for all that lies in a unit: its pixels, or its tokens.

    Args:
        mask: True for units that are seen.
        units: mask units along each axis.
        sizes: pixels or tokens of a unit along each axis.
    """
    grid = mask.unflatten(1, units)
    for axis, size in enumerate(sizes, 1):
        grid = grid.repeat_interleave(size, dim=axis)
    return grid
