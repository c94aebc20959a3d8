"""The colour wheel of optical flow: direction is the hue, speed is how strong it is."""

import torch
from jaxtyping import Float
from torch import Tensor

# Steps from each of six colours to the next, chosen so that steps look alike: the wheel of
# Baker et al., A database and evaluation methodology for optical flow (2011), 55 in all.
STEPS = {"red": 15, "yellow": 6, "green": 4, "cyan": 11, "blue": 13, "magenta": 6}
CORNERS = {
    "red": (1, 0, 0), "yellow": (1, 1, 0), "green": (0, 1, 0),
    "cyan": (0, 1, 1), "blue": (0, 0, 1), "magenta": (1, 0, 1),
}  # fmt: skip


def colour_wheel() -> Float[Tensor, "55 colours=3"]:
    """The 55 strongest colours, from red through yellow, green, cyan, blue and magenta.

    >>> colour_wheel()[[0, 15, 21, 25, 36, 49]].int().tolist()
    [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1]]
    """
    corners = torch.tensor(list(CORNERS.values())).float()
    parts = [
        torch.lerp(first, second, torch.arange(steps)[:, None] / steps)
        for first, second, steps in zip(corners, corners.roll(-1, 0), STEPS.values(), strict=True)
    ]
    return torch.cat(parts)


def flow_colours(
    flow: Float[Tensor, "*places xy=2"], fastest: float
) -> Float[Tensor, "*places colours=3"]:
    """Motion as colours from 0 to 1: white stands still, the wheel's own colours are fastest.

    Args:
        flow: right and down, in pixels.
        fastest: the speed of the strongest colours, in pixels; what is faster is darker.

    >>> flow_colours(torch.tensor([[0.0, 0.0], [3.0, 0.0]]), fastest=3.0).tolist()
    [[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]
    """
    wheel = colour_wheel()
    x, y = (flow / fastest).unbind(-1)
    speed = torch.hypot(x, y)[..., None]
    turn = torch.atan2(y, x) / (2 * torch.pi) % 1 * len(wheel)
    low = turn.floor().long() % len(wheel)
    part = (turn - turn.floor())[..., None]
    strongest = torch.lerp(wheel[low], wheel[(low + 1) % len(wheel)], part)
    return torch.where(speed <= 1, 1 - speed * (1 - strongest), 0.75 * strongest)
