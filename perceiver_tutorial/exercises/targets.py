"""Target pictures: write one line of einops, and see it beside the picture it should make."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from types import EllipsisType

from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor

from ..viz import Picture, draw_at_one_scale
from .check import Slip, same, your_turn

Pictures = Float[Tensor, "pictures colours height width"]


@dataclass(frozen=True)
class Target:
    """One picture to make out of others.

    Attributes:
        task: what it shows.
        make: the right line, as a function of the pictures.
        slips: wrong lines with their hints.
    """

    task: str
    make: Callable[[Pictures], Tensor]
    slips: tuple[Slip, ...]

    def judge(self, pictures: Pictures, yours: Tensor) -> str:
        """What to say to an answer."""
        want = self.make(pictures)
        if same(yours, want):
            return "right"
        hints = (slip.hint for slip in self.slips if same(yours, slip.answer(pictures)))
        return f"not yet: {next(hints, None) or _looks(yours, want)}"


def _looks(yours: Tensor, want: Tensor) -> str:
    if yours.shape != want.shape:
        return f"yours is {tuple(yours.shape)}, the target is {tuple(want.shape)}."
    return "the right shape, but pixels in other places."


def paint(name: str, pictures: Pictures, yours: Tensor | EllipsisType) -> Picture:
    """Show a target, and your answer beside it; say whether they are the same.

    Args:
        name: which target.
        pictures: what it is made of.
        yours: what your line makes; `...` asks.

    Raises:
        KeyError: if there is no such target.
    """
    if name not in TARGETS:
        nearest = get_close_matches(name, TARGETS, n=1, cutoff=0)[0]
        raise KeyError(f"no target is called {name!r}. Did you mean {nearest!r}?")
    target = TARGETS[name]
    shown = {"target": target.make(pictures)}
    print(your_turn(target.task) if yours is ... else target.judge(pictures, yours))
    if yours is not ... and yours.ndim == 3 and len(yours) in (1, 3):
        shown["yours"] = yours
    return draw_at_one_scale(shown)


TARGETS = {
    "collage": Target(
        "all six pictures, three above three.",
        lambda x: rearrange(x, "(rows columns) c h w -> c (rows h) (columns w)", rows=2),
        (
            Slip(
                "two columns of three; it should be two rows of three.",
                lambda x: rearrange(x, "(rows columns) c h w -> c (rows h) (columns w)", rows=3),
            ),
            Slip(
                "the second picture stands below the first: in the batch, rows change slowest.",
                lambda x: rearrange(x, "(columns rows) c h w -> c (rows h) (columns w)", rows=2),
            ),
        ),
    ),
    "twice as wide": Target(
        "the cat, every pixel twice as wide.",
        lambda x: repeat(x[0], "c h w -> c h (w 2)"),
        (
            Slip(
                "two cats: the copies change slowest. Let them change fastest, right of w.",
                lambda x: repeat(x[0], "c h w -> c h (2 w)"),
            ),
            Slip("twice as tall, not twice as wide.", lambda x: repeat(x[0], "c h w -> c (h 2) w")),
        ),
    ),
    "half the size": Target(
        "all six in a row, each pixel the mean of 2 x 2.",
        lambda x: reduce(x, "b c (h 2) (w 2) -> c h (b w)", "mean"),
        (
            Slip(
                "means of pixels half a picture apart: neighbours are what changes fastest.",
                lambda x: reduce(x, "b c (2 h) (2 w) -> c h (b w)", "mean"),
            ),
            Slip(
                "the brightest of 2 x 2, not their mean.",
                lambda x: reduce(x, "b c (h 2) (w 2) -> c h (b w)", "max"),
            ),
        ),
    ),
    "all in one": Target(
        "the mean of all six pictures.",
        lambda x: reduce(x, "b c h w -> c h w", "mean"),
        (
            Slip(
                "the brightest of the six at each pixel, not their mean.",
                lambda x: reduce(x, "b c h w -> c h w", "max"),
            ),
            Slip(
                "that is the mean of the colours too: keep c.",
                lambda x: reduce(x, "b c h w -> 1 h w", "mean"),
            ),
        ),
    ),
    "three inks": Target(
        "the cat's red, green and blue as three grey pictures in a row: one channel in all.",
        lambda x: rearrange(x[0], "c h w -> 1 h (c w)"),
        (
            Slip(
                "the three inks take turns at every pixel: c should change slowest, left of w.",
                lambda x: rearrange(x[0], "c h w -> 1 h (w c)"),
            ),
            Slip(
                "one above the other; they should stand in a row.",
                lambda x: rearrange(x[0], "c h w -> 1 (c h) w"),
            ),
        ),
    ),
    "four cats": Target(
        "four small cats, 2 x 2: each has every other pixel of every other row.",
        lambda x: rearrange(x[0], "c (h dy) (w dx) -> c (dy h) (dx w)", dy=2, dx=2),
        (
            Slip(
                "turned round: pixels of four quarters take turns. Let dy and dx change slowest.",
                lambda x: rearrange(x[0], "c (dy h) (dx w) -> c (h dy) (w dx)", dy=2, dx=2),
            ),
            Slip(
                "a step down became a step to the right: dy belongs to the rows.",
                lambda x: rearrange(x[0], "c (h dy) (w dx) -> c (dx h) (dy w)", dy=2, dx=2),
            ),
        ),
    ),
}
