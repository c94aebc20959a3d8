"""Boxes in a picture, and how much two of them have in common.

A box is (centre x, centre y, width, height), as shares of the picture: from 0 at its
left and upper edge to 1 at its right and lower one.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from ..doors import checked


@checked
def corners(boxes: Float[Tensor, "*many xywh=4"]) -> Float[Tensor, "*many ltrb=4"]:
    """Where boxes begin and end: (left, top, right, bottom).

    >>> corners(torch.tensor([0.5, 0.5, 0.25, 1.0])).tolist()
    [0.375, 0.0, 0.625, 1.0]
    """
    centres, sizes = boxes.split(2, dim=-1)
    return torch.cat([centres - sizes / 2, centres + sizes / 2], dim=-1)


@checked
def from_corners(edges: Float[Tensor, "*many ltrb=4"]) -> Float[Tensor, "*many xywh=4"]:
    """The other way round: (left, top, right, bottom) to (centre x, centre y, width, height)."""
    first, last = edges.split(2, dim=-1)
    return torch.cat([(first + last) / 2, last - first], dim=-1)


@checked
def intersection_over_union(
    some: Float[Tensor, "*#many xywh=4"], others: Float[Tensor, "*#many xywh=4"]
) -> Float[Tensor, "*many"]:
    """The area that two boxes share, over the area that they cover together: from 0 to 1.

    Axes before the last are broadcast: give [queries, 1, 4] and [1, things, 4] to compare
    all with all.
    """
    shared, covered, _ = _areas(some, others)
    return _share(shared, covered)


@checked
def generalised_iou(
    some: Float[Tensor, "*#many xywh=4"], others: Float[Tensor, "*#many xywh=4"]
) -> Float[Tensor, "*many"]:
    """Intersection over union, less the share of the common frame that neither covers.

    From -1 to 1. Boxes that do not touch all have an intersection of 0; this number still
    says how far they are from touching. Paper: Rezatofighi et al., arXiv 1902.09630.
    """
    shared, covered, framed = _areas(some, others)
    return _share(shared, covered) - _share(framed - covered, framed)


def _share(part: Tensor, whole: Tensor) -> Tensor:
    """Part over whole, however small; nothing of nothing is 0."""
    return part / whole.masked_fill(whole == 0, 1.0)


def _areas(some: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What two boxes share, what they cover together, what the box around both covers."""
    first, last = zip(*(corners(boxes).split(2, dim=-1) for boxes in (some, others)), strict=True)
    shared = _area(torch.maximum(*first), torch.minimum(*last))
    covered = some[..., 2:].prod(-1) + others[..., 2:].prod(-1) - shared
    return shared, covered, _area(torch.minimum(*first), torch.maximum(*last))


def _area(first: Tensor, last: Tensor) -> Tensor:
    return (last - first).clamp(min=0).prod(-1)
