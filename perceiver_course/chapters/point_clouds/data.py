"""Bodies as formulas: each takes two numbers from 0 to 1 to a point of its surface."""

import math
from collections.abc import Callable
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor

from perceiver_tutorial.positions import to_unit_ball

Numbers = Float[Tensor, "clouds points"]
Surface = Callable[[Numbers, Numbers], Float[Tensor, "clouds points xyz=3"]]


def _circle(turns: Tensor) -> tuple[Tensor, Tensor]:
    angle = 2 * math.pi * turns
    return angle.cos(), angle.sin()


def _around(turns: Tensor, radius: Tensor | float, height: Tensor | float) -> Tensor:
    """A point on a circle about the vertical axis."""
    x, y = _circle(turns)
    return torch.stack(torch.broadcast_tensors(radius * x, radius * y, height + 0 * x), dim=-1)


def _sides(u: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Which of `count` equal parts, and where in it, from -1 to 1."""
    side = (count * u).floor().clamp(max=count - 1)
    return side.long(), 2 * (count * u - side) - 1


def _along(axis: Tensor, *coordinates: Tensor) -> Tensor:
    """Three coordinates, the first of them along the given axis."""
    return torch.stack(coordinates, dim=-1).gather(-1, (torch.arange(3) - axis[..., None]) % 3)


def _cube(u: Tensor, v: Tensor) -> Tensor:
    face, across = _sides(u, 6)
    return _along(face % 3, 2.0 * (face // 3) - 1, across, 2 * v - 1)


def _pyramid(u: Tensor, v: Tensor) -> Tensor:
    side, across = _sides(u, 4)
    size = v.sqrt()
    front = torch.where(side < 2, 1.0, -1.0)
    x = torch.where(side % 2 == 0, front, across)
    y = torch.where(side % 2 == 0, across, front)
    return torch.stack([size * x, size * y, 1 - 1.6 * size], dim=-1)


def _cross(u: Tensor, v: Tensor) -> Tensor:
    bar, along = _sides(u, 3)
    y, z = _circle(v)
    return _along(bar, along, 0.15 * y, 0.15 * z)


def _mobius(u: Tensor, v: Tensor) -> Tensor:
    half_x, half_y = _circle(u / 2)
    across = 0.8 * (v - 0.5)
    return _around(u, 1 + across * half_x, across * half_y)


def _torus(u: Tensor, v: Tensor) -> Tensor:
    outwards, upwards = _circle(v)
    return _around(u, 1 + 0.35 * outwards, 0.35 * upwards)


def _saddle(u: Tensor, v: Tensor) -> Tensor:
    x, y = 2 * u - 1, 2 * v - 1
    return torch.stack([x, y, 0.7 * (x * x - y * y)], dim=-1)


SURFACES: dict[str, Surface] = {
    "sphere": lambda u, v: _around(u, (1 - (2 * v - 1) ** 2).sqrt(), 2 * v - 1),
    "ellipsoid": lambda u, v: SURFACES["sphere"](u, v) * torch.tensor([1, 0.6, 0.35]),
    "hemisphere": lambda u, v: _around(u, (1 - v**2).sqrt(), v),
    "cube": _cube,
    "cylinder": lambda u, v: _around(u, 0.5, 2 * v - 1),
    "cone": lambda u, v: _around(u, 0.7 * v.sqrt(), 1 - 2 * v.sqrt()),
    "pyramid": _pyramid,
    "disk": lambda u, v: _around(u, v.sqrt(), 0.0),
    "ring": lambda u, _v: _around(u, 1.0, 0.0),
    "torus": _torus,
    "helix": lambda u, _v: _around(3 * u, 0.6, 2 * u - 1),
    "Möbius band": _mobius,
    "cross": _cross,
    "saddle": _saddle,
}


BODIES = tuple(SURFACES)
Turn = Literal["none", "upright", "any"]


def clouds(
    num_clouds: int,
    num_points: int = 128,
    turn: Turn = "upright",
    noise: float = 0.03,
    seed: int = 0,
) -> tuple[Float[Tensor, "clouds points xyz=3"], Int[Tensor, " clouds"]]:
    """Scatter points over a body, stretch it a little, turn it, shake every point.

    Args:
        num_clouds: how many; the bodies take turns.
        num_points: points of each.
        turn: see `turned`.
        noise: standard deviation of the shaking; bodies are about two units across.
        seed: the same seed draws the same clouds.

    Returns:
        Clouds in the unit ball around 0, their points in no order, and the body of
        each, an index into `BODIES`.

    >>> points, labels = clouds(3, num_points=5)
    >>> points.shape, [BODIES[label] for label in labels]
    (torch.Size([3, 5, 3]), ['sphere', 'ellipsoid', 'hemisphere'])
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(num_clouds) % len(BODIES)
    u, v = torch.rand(2, num_clouds, num_points, generator=generator)
    points = torch.empty(num_clouds, num_points, 3)
    for number, surface in enumerate(SURFACES.values()):
        mine = labels == number
        points[mine] = surface(u[mine], v[mine])
    stretch = 0.8 + 0.4 * torch.rand(num_clouds, 1, 3, generator=generator)
    points = _turned(points * stretch, turn, generator)
    return to_unit_ball(points + noise * torch.randn(points.shape, generator=generator)), labels


def clouds_of_many_sizes(
    num_clouds: int,
    num_points: tuple[int, int] = (48, 128),
    seed: int = 0,
) -> tuple[
    Float[Tensor, "clouds points xyz=3"], Bool[Tensor, "clouds points"], Int[Tensor, " clouds"]
]:
    """As `clouds`, each with a number of points of its own, padded with zeros.

    Args:
        num_clouds: how many.
        num_points: fewest and most points of a cloud.
        seed: the same seed draws the same clouds.

    Returns:
        Clouds, where they have points, and their bodies.

    Raises:
        ValueError: if the fewest are none, or more than the most.
    """
    fewest, most = num_points
    if not 1 <= fewest <= most:
        raise ValueError(f"expected num_points as (fewest, most), from 1 on, got {num_points}.")
    generator = torch.Generator().manual_seed(seed)
    points, labels = clouds(num_clouds, most, seed=seed)
    sizes = torch.randint(fewest, most + 1, (num_clouds, 1), generator=generator)
    mask = torch.arange(most) < sizes
    return to_unit_ball(points, mask), mask, labels


def turned(
    points: Float[Tensor, "clouds points xyz=3"], turn: Turn, seed: int = 0
) -> Float[Tensor, "clouds points xyz=3"]:
    """Turn every cloud by an angle of its own.

    Args:
        points: clouds around 0.
        turn: "upright" turns about the vertical axis z, as furniture is turned in a
            room; "any" about any axis, every position equally likely; "none" not.
        seed: the same seed turns in the same way.

    Raises:
        ValueError: if the turn has another name.
    """
    return _turned(points, turn, torch.Generator().manual_seed(seed))


def _turned(points: Tensor, turn: Turn, generator: torch.Generator) -> Tensor:
    if turn == "none":
        return points
    if turn == "upright":
        angles = 2 * math.pi * torch.rand(len(points), generator=generator)
        zero, one = torch.zeros_like(angles), torch.ones_like(angles)
        sine, cosine = angles.sin(), angles.cos()
        entries = [cosine, -sine, zero, sine, cosine, zero, zero, zero, one]
        return points @ rearrange(entries, "(i j) n -> n j i", i=3)
    if turn == "any":
        axes, stretch = torch.linalg.qr(torch.randn(len(points), 3, 3, generator=generator))
        axes = axes * stretch.diagonal(dim1=-2, dim2=-1).sign()[:, None]
        # A mirror image is no turn: swap two axes of every matrix with determinant -1.
        mirrored = torch.linalg.det(axes)[:, None, None] < 0
        return points @ torch.where(mirrored, axes[..., [1, 0, 2]], axes)
    raise ValueError(f"turn={turn!r} is neither 'none' nor 'upright' nor 'any'.")
