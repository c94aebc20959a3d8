"""Bodies as formulas: each takes two numbers from 0 to 1 to a point of its surface."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

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
