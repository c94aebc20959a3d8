"""Two frames and how everything moved between them, exactly: photographs that turn and slide."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import grid_sample

from perceiver_tutorial.inputs import check_numbers


class MovingPairs(NamedTuple):
    """Pairs of frames with the truth about them.

    Attributes:
        frames: the earlier frame, then the later one, in the photographs' own colours.
        flow: how far every pixel of the earlier frame moves right and down, in pixels.
        in_sight: True where that pixel can still be seen in the later frame.
    """

    frames: Float[Tensor, "pairs frames=2 colours height width"]
    flow: Float[Tensor, "pairs height width xy=2"]
    in_sight: Bool[Tensor, "pairs height width"]


@dataclass(frozen=True)
class Motion:
    """A turn, a zoom and a shift for each pair, about the middle of the frame.

    Attributes:
        shift: right and down, in pixels.
        turn: clockwise as one sees it, in radians.
        zoom: above 1 things come nearer.
    """

    shift: Float[Tensor, "pairs xy=2"]
    turn: Float[Tensor, " pairs"]
    zoom: Float[Tensor, " pairs"]

    def there(self, points: Float[Tensor, "pairs points 2"]) -> Float[Tensor, "pairs points 2"]:
        """Where points (x, y) go; the middle of the frame is (0, 0)."""
        return points @ self._matrices().mT + self.shift[:, None]

    def back(self, points: Float[Tensor, "pairs points 2"]) -> Float[Tensor, "pairs points 2"]:
        """Where points came from."""
        return (points - self.shift[:, None]) @ torch.linalg.inv(self._matrices()).mT

    def _matrices(self) -> Float[Tensor, "pairs 2 2"]:
        cosine, sine = self.zoom * self.turn.cos(), self.zoom * self.turn.sin()
        return rearrange([cosine, -sine, sine, cosine], "(i j) n -> n i j", i=2)


def still(num_pairs: int) -> Motion:
    """No motion at all; with `dataclasses.replace`, the beginning of any other."""
    return Motion(torch.zeros(num_pairs, 2), torch.zeros(num_pairs), torch.ones(num_pairs))


def random_motion(
    num_pairs: int, max_shift: float, max_turn: float, generator: torch.Generator
) -> Motion:
    """Shifts, turns and zooms, all evenly between their largest values.

    Args:
        num_pairs: how many.
        max_shift: pixels, along each axis.
        max_turn: radians; zooms lie between 1 - max_turn and 1 + max_turn.
        generator: where the choice comes from.
    """
    shift = max_shift * (2 * torch.rand(num_pairs, 2, generator=generator) - 1)
    turn, zoom = max_turn * (2 * torch.rand(2, num_pairs, generator=generator) - 1)
    return Motion(shift, turn, 1 + zoom)


def filmed(
    photographs: Float[Tensor, "pairs colours _height _width"],
    motion: Motion,
    size: tuple[int, int],
    middles: Float[Tensor, "pairs xy=2"] | None = None,
) -> MovingPairs:
    """Film a part of each photograph while it moves.

    Beyond its edge a photograph is mirrored.

    Args:
        photographs: one for each pair.
        motion: of each photograph.
        size: (height, width) of the frames, in pixels.
        middles: the point (x, y) of each photograph at the middle of the earlier frame.
            Default: its own middle.
    """
    count, sides = len(photographs), torch.tensor(photographs.shape[:1:-1])
    middles = (sides - 1).expand(count, 2) / 2 if middles is None else middles
    here = _grid(size).expand(count, -1, -1)
    there = motion.there(here)
    seen = (_look(photographs, middles[:, None] + p, size) for p in (here, motion.back(here)))
    in_frame = (there.abs() <= torch.tensor(size[::-1]).sub(1) / 2).all(-1)
    return MovingPairs(
        torch.stack(list(seen), dim=1),
        rearrange(there - here, "n (h w) xy -> n h w xy", h=size[0]),
        rearrange(in_frame, "n (h w) -> n h w", h=size[0]),
    )


def moving_pairs(
    photographs: Float[Tensor, "photographs colours height width"],
    num_pairs: int,
    size: tuple[int, int] = (20, 20),
    *,
    max_shift: float = 2.5,
    max_turn: float = 0.0,
    with_disc: bool = False,
    seed: int = 0,
) -> MovingPairs:
    """Film random parts of random photographs in random motion.

    Args:
        photographs: larger than the frames.
        num_pairs: how many.
        size: (height, width) of the frames, in pixels.
        max_shift: see `random_motion`.
        max_turn: see `random_motion`.
        with_disc: let a disc cut from another photograph move in front, in its own way.
        seed: the same seed gives the same pairs.

    Raises:
        ValueError: if a photograph has no room for a frame that moves.

    >>> pairs = moving_pairs(torch.rand(3, 3, 60, 80), 5)
    >>> pairs.frames.shape, pairs.flow.shape
    (torch.Size([5, 2, 3, 20, 20]), torch.Size([5, 20, 20, 2]))
    """
    generator = torch.Generator().manual_seed(seed)
    ground, front = (
        _random_film(photographs, num_pairs, size, max_shift, max_turn, generator) for _ in range(2)
    )
    if not with_disc:
        return ground[0]
    radius = min(size) * (0.2 + 0.15 * torch.rand(num_pairs, 1, generator=generator))
    centre = (
        0.6 * torch.tensor(size[::-1]) * (torch.rand(num_pairs, 1, 2, generator=generator) - 0.5)
    )
    return _in_front(*ground, *front, centre, radius)


def warp(
    later: Float[Tensor, "pairs colours height width"],
    flow: Float[Tensor, "pairs height width xy=2"],
) -> Float[Tensor, "pairs colours height width"]:
    """Fetch every pixel of the earlier frame from where it went in the later one.

    With the true flow this is the earlier frame again, but for what left the picture
    or was covered. Between pixels colours are interpolated; the edge goes on for ever.

    Args:
        later: frames.
        flow: right and down, in pixels.
    """
    size = later.shape[-2:]
    middles = torch.tensor(size[::-1]).sub(1) / 2
    points = _grid(size) + middles + rearrange(flow, "n h w xy -> n (h w) xy")
    return _look(later, points, size, "border")


def _random_film(photographs, num_pairs, size, max_shift, max_turn, generator):
    height, width = photographs.shape[-2:]
    margin = math.ceil(max_shift + math.hypot(*size) / 2 * (1 + max_turn))
    room = torch.tensor([width, height]) - 1 - 2 * margin
    if (room < 0).any():
        raise ValueError(
            f"expected photographs of at least {2 * margin + 1} pixels either way, for frames of "
            f"{size} that move, got {height} x {width}."
        )
    chosen = torch.randint(len(photographs), (num_pairs,), generator=generator)
    middles = margin + room * torch.rand(num_pairs, 2, generator=generator)
    motion = random_motion(num_pairs, max_shift, max_turn, generator)
    return filmed(photographs[chosen], motion, size, middles), motion


def _in_front(ground, _motion, front, motion, centre, radius) -> MovingPairs:
    """Lay discs of moving photographs over other moving photographs."""
    size = front.flow.shape[1:3]
    here = _grid(size).expand(len(centre), -1, -1)
    earlier, later, covered = (
        rearrange((points - centre).norm(dim=-1) <= radius, "n (h w) -> n h w", h=size[0])
        for points in (here, motion.back(here), motion.back(_motion.there(here)))
    )
    masks = torch.stack([earlier, later], dim=1)[:, :, None]
    return MovingPairs(
        torch.where(masks, front.frames, ground.frames),
        torch.where(earlier[..., None], front.flow, ground.flow),
        torch.where(earlier, front.in_sight, ground.in_sight & ~covered),
    )


def _grid(size: tuple[int, int]) -> Float[Tensor, "points xy=2"]:
    """All pixels of a frame as (x, y), row by row, seen from its middle."""
    y, x = (torch.arange(n) - (n - 1) / 2 for n in size)
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).flatten(0, 1)


def _look(photographs, points, size, beyond="reflection"):
    """The colours of photographs at points (x, y), in pixels from the first."""
    check_numbers(places=points)
    sides = torch.tensor(photographs.shape[:1:-1])
    grid = rearrange(2 * points / (sides - 1) - 1, "n (h w) xy -> n h w xy", h=size[0])
    return grid_sample(photographs, grid, padding_mode=beyond, align_corners=True)
