"""Exercises about sets of points: no order, any number, padding that nobody reads."""

import torch
from torch import Tensor

from ..attention import attend
from .check import BugHunt, Exercise, Slip

POINT_WIDTH = Exercise(
    task="return how many channels a point has in the input array: 3 coordinates, each written "
    "with `bands` bands, and so many features as they are.",
    inputs=lambda: (64, 6),
    reference=lambda bands, features: 3 * (2 * bands + 1) + features,
    slips=(
        Slip("each band has a sine and a cosine.",
             lambda bands, features: 3 * (bands + 1) + features),
        Slip("the raw coordinates are kept, too.", lambda bands, features: 6 * bands + features),
        Slip("features come as they are, without waves.",
             lambda bands, features: (3 + features) * (2 * bands + 1)),
    ),
)  # fmt: skip

KEEP_POINTS = Exercise(
    task="return `keep` [clouds, most], True where a cloud has a point, for a tensor of sizes.",
    inputs=lambda: (torch.tensor([3, 5, 1]), 5),
    reference=lambda sizes, most: torch.arange(most) < sizes[:, None],
    slips=(
        Slip("counting from 0, a cloud of 3 points has the numbers 0, 1 and 2.",
             lambda sizes, most: torch.arange(most) <= sizes[:, None]),
        Slip("True means: may be read. Some libraries mark the padding instead.",
             lambda sizes, most: torch.arange(most) >= sizes[:, None]),
        Slip("a row for each cloud, a column for each place: give `sizes` an axis with [:, None].",
             lambda sizes, most: torch.arange(most)[:, None] < sizes),
    ),
)  # fmt: skip


def _cloud() -> tuple[Tensor, int]:
    return torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), 6


def _farthest(points: Tensor, count: int) -> Tensor:
    chosen = [0]
    while len(chosen) < count:
        nearest = torch.cdist(points, points[chosen]).amin(-1)
        chosen.append(int(nearest.argmax()))
    return points[chosen]


def _farthest_from_last(points: Tensor, count: int) -> Tensor:
    chosen = [0]
    while len(chosen) < count:
        chosen.append(int((points - points[chosen[-1]]).norm(dim=-1).argmax()))
    return points[chosen]


def _farthest_in_sum(points: Tensor, count: int) -> Tensor:
    chosen = [0]
    while len(chosen) < count:
        chosen.append(int(torch.cdist(points, points[chosen]).sum(-1).argmax()))
    return points[chosen]


SPREAD_OUT = Exercise(
    task="return `count` points of a cloud [points, 3] that are spread over it: take point 0, then "
    "again and again the point whose nearest chosen point is farthest away.",
    inputs=_cloud,
    reference=_farthest,
    slips=(
        Slip("that is far from the last point only, and soon goes to and fro between two ends.",
             _farthest_from_last),
        Slip("the sum of distances favours the rim; take the distance to the nearest chosen one.",
             _farthest_in_sum),
        Slip("those are the first points; a scanner may have listed one corner first.",
             lambda points, count: points[:count]),
    ),
)  # fmt: skip


def _points() -> tuple[Tensor, ...]:
    return (torch.randn(2, 9, 3, generator=torch.Generator().manual_seed(0)),)


def _asked(points: Tensor, keep: Tensor | None = None) -> Tensor:
    """Two fixed latents read a cloud."""
    latents = torch.tensor([[1.0, -2.0, 0.5], [0.0, 1.0, 2.0]]).expand(len(points), -1, -1)
    return attend(latents, points, points, None if keep is None else keep[:, None])


def _has_no_order(read) -> bool:
    (points,) = _points()
    order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
    return torch.allclose(read(points), read(points[:, order]), atol=1e-5)


HAS_NO_ORDER = BugHunt(
    task="`read(points)` takes clouds [2, 9, 3]. Return whether the order of the points makes no "
    "difference.",
    inputs=_points,
    right=_asked,
    bugs=(
        lambda points: _asked(points - points[:, :1]),
        lambda points: _asked((points + points.roll(1, 1)) / 2),
        lambda points: _asked(points[:, ::2]),
        lambda points: _asked(points * torch.linspace(0.9, 1.1, 9)[:, None]),
    ),
    reference=_has_no_order,
)


def _points_and_keep() -> tuple[Tensor, Tensor]:
    return *_points(), torch.arange(9).expand(2, -1) < torch.tensor([[6], [4]])


def _ignores_padding(read) -> bool:
    points, keep = _points_and_keep()
    other = points.masked_fill(~keep[..., None], 9.0)
    return torch.allclose(read(points, keep), read(other, keep), atol=1e-5)


IGNORES_PADDING = BugHunt(
    task="`read(points, keep)` takes clouds [2, 9, 3] and where they have points, [2, 9]. Return "
    "whether it makes no difference what stands elsewhere.",
    inputs=_points_and_keep,
    right=_asked,
    bugs=(
        lambda points, _keep: _asked(points),
        lambda points, keep: _asked(points - points.mean(1, keepdim=True), keep),
        lambda points, keep: _asked(points / points.norm(dim=-1).amax(), keep),
        lambda points, keep: _asked(points, ~keep),
    ),
    reference=_ignores_padding,
)
