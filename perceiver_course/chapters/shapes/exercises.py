"""Exercises about axes and strides, pictures to paint with one line, shapes to guess."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from types import EllipsisType

import torch
from einops import rearrange, reduce, repeat
from jaxtyping import Float
from torch import Tensor

from perceiver_tutorial.perceiver.preprocessors import VideoPreprocessor

from ...kit.exercises import BugHunt, Draw, Exercise, Slip, same, your_turn
from ...kit.images import draw_at_one_scale
from ...kit.picture import Picture
from ...kit.predictions import Prediction

STRIDES = Exercise(
    task="return the three strides of torch.zeros(a, b, c), in cells of memory.",
    inputs=lambda draw: tuple(draw.sizes(3)),
    reference=lambda _a, b, c: (b * c, c, 1),
    slips=(
        Slip("the last axis runs fastest: its stride is 1.", lambda a, b, _c: (1, a, a * b)),
        Slip(
            "a step along the first axis passes a whole b x c of cells.", lambda _a, b, c: (b, c, 1)
        ),
        Slip("those are sizes; strides are distances.", lambda a, b, c: (a, b, c)),
        Slip(
            "turned round: the first axis has the longest stride.", lambda _a, b, c: (1, c, b * c)
        ),
        Slip(
            "a x b x c is the whole array; a step along the first axis passes b x c.",
            lambda a, b, c: (a * b * c, b * c, c),
        ),
        Slip("count cells, not bytes.", lambda _a, b, c: (4 * b * c, 4 * c, 4)),
        Slip(
            "the second axis has a shorter stride than the first: it passes c cells.",
            lambda _a, b, c: (c, b * c, 1),
        ),
    ),
)  # fmt: skip


def _cut(draw: Draw) -> tuple[torch.Tensor]:
    batch, rows, columns = draw.sizes(3, 5, 9)
    return (draw.randn(batch, 3, 4 * rows, 4 * columns),)


def _in_patches(images: torch.Tensor, rows: str = "(h w)", inside: str = "(p q c)") -> torch.Tensor:
    return rearrange(images, f"b c (h p) (w q) -> b {rows} {inside}", p=4, q=4)


PATCHES_BY_HAND = Exercise(
    task="without einops, turn images [b, 3, 4 h, 4 w] into rows [b, h * w, 48], one for each "
    "4 x 4 patch in reading order; inside a row pixel after pixel, its three colours together.",
    inputs=_cut,
    reference=_in_patches,
    slips=(
        Slip(
            "reshape alone moves nothing: a row holds 48 neighbours of one colour.",
            lambda x: x.reshape(len(x), -1, 48),
        ),
        Slip(
            "h and w belong together, then p and q: these rows run across the whole image.",
            lambda x: rearrange(x, "b c (h p) (w q) -> b h p w q c", p=4, q=4).reshape(
                len(x), -1, 48
            ),
        ),
        Slip(
            "the colours come last: here each patch is red, then green, then blue.",
            {"inside": "(c p q)"},
        ),
        Slip(
            "inside a patch the pixels run down its columns: p comes before q.",
            {"inside": "(q p c)"},
        ),
        Slip("the patches run down the columns of the image: h comes before w.", {"rows": "(w h)"}),
        Slip(
            "neighbours belong to one patch: h and w change slowest, p and q fastest.",
            lambda x: rearrange(x, "b c (p h) (q w) -> b (h w) (p q c)", p=4, q=4),
        ),
    ),
)


def _pictures_of_any_size(draw: Draw) -> tuple[torch.Tensor]:
    batch, height, width = draw.sizes(3, 4, 9)
    return (draw.randn(batch, 3, height, width) + 2,)


def _centred(
    pictures: torch.Tensor,
    axes: tuple[int, ...] = (2, 3),
    sign: int = -1,
    is_scaled: bool = False,
) -> torch.Tensor:
    differences = pictures + sign * pictures.mean(axes, keepdim=True)
    return differences / pictures.std(axes, keepdim=True) if is_scaled else differences


EVEN_OUT = Exercise(
    task="take from every picture [b, 3, h, w] the mean of each of its own colours.",
    inputs=_pictures_of_any_size,
    reference=_centred,
    slips=(
        Slip("that is one mean for all pictures; each has its own.", {"axes": (0, 2, 3)}),
        Slip("that is one mean for all three colours; each has its own.", {"axes": (1, 2, 3)}),
        Slip(
            "that is one mean for everything; every colour of every picture has its own.",
            {"axes": (0, 1, 2, 3)},
        ),
        Slip("each row of pixels lost its own mean.", {"axes": (3,)}),
        Slip("each column of pixels lost its own mean.", {"axes": (2,)}),
        Slip("that is the mean of all pictures at each pixel.", {"axes": (0,)}),
        Slip("that is the mean of the three colours at each pixel.", {"axes": (1,)}),
        Slip("the mean is added; subtract it.", {"sign": 1}),
        Slip("only the mean was asked for; nothing is divided.", {"is_scaled": True}),
    ),
)


def _numbered(*sizes: int) -> torch.Tensor:
    return torch.arange(torch.Size(sizes).numel()).reshape(sizes).float()


def _patchify(pattern: str):
    return lambda images: rearrange(images, pattern, p=4, q=4)


def _keeps_patches_whole(patchify) -> bool:
    images = _numbered(2, 3, 8, 12)
    second_in_second_row = images[:, :, 4:8, 4:8].movedim(1, -1).flatten(1)
    return torch.equal(patchify(images)[:, 4], second_in_second_row)


PATCHES_STAY_WHOLE = BugHunt(
    task="`patchify` turns images [2, 3, 8, 12] into rows [2, 6, 48], one for each 4 x 4 patch in "
    "reading order, the three colours of a pixel together. Return whether it does.",
    inputs=lambda: (_numbered(2, 3, 8, 12),),
    right=_patchify("b c (h p) (w q) -> b (h w) (p q c)"),
    bugs=(
        lambda images: images.reshape(2, 6, 48),
        _patchify("b c (p h) (q w) -> b (h w) (p q c)"),
        _patchify("b c (h p) (w q) -> b (w h) (p q c)"),
        _patchify("b c (h p) (w q) -> b (h w) (c p q)"),
    ),
    reference=_keeps_patches_whole,
)


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


PICTURES = {"B": 6, "H": 32, "W": 40, "P": 8}


def _pictures() -> torch.Tensor:
    return torch.zeros(6, 3, 32, 40, device="meta")


PREDICTIONS = {
    "shapes.rows": Prediction(
        question="rearrange(pictures, 'b c h w -> b (h w) c') for 6 pictures of 3 x 32 x 40.",
        formula="B, H*W, 3",
        symbols=PICTURES,
        slips={
            "B, 3, H*W": "the pattern names c last: a row for each pixel, its colours beside it.",
            "B, H, W, 3": "the bracket (h w) is one axis: height and width share it.",
            "B*H*W, 3": "b stands alone on the right, so the batch stays an axis of its own.",
            "B, H + W, 3": "every row meets every column: a bracket multiplies.",
        },
        compute=lambda: rearrange(_pictures(), "b c h w -> b (h w) c"),
    ),
    "shapes.patches": Prediction(
        question="the same 6 pictures in patches of P x P pixels, P = 8: a row for each patch.",
        formula="B, (H//P)*(W//P), P*P*3",
        symbols=PICTURES,
        slips={
            "B, (H//P)*(W//P), P*P": "every pixel has three colours, and none of them is dropped.",
            "B, (H//P)*(W//P), 3": "nothing is averaged: a row holds all numbers of its patch.",
            "B, P*P, (H//P)*(W//P)*3": "turned round: 8 x 8 is what is in a patch.",
            "B, H*W//P, P*3": "patches are P tall and P wide; those are pieces of one line.",
        },
        compute=lambda: rearrange(_pictures(), "b c (h p) (w q) -> b (h w) (p q c)", p=8, q=8),
    ),
    "shapes.video": Prediction(
        question="a video of 16 frames, 3 x 224 x 224, in blocks of 1 frame, 4 x 4 pixels: how "
        "many rows, how many channels?",
        formula="B, T*(H//4)*(W//4), 4*4*3",
        symbols={"B": 1, "T": 16, "H": 224, "W": 224},
        slips={
            "B, T*H*W, 3": "those are all its pixels, 2.4 million rows; 16 of them make a block.",
            "B, T*(H//4)*(W//4), 3": "nothing is thrown away: what leaves space goes into depth.",
            "B, (T//4)*(H//4)*(W//4), 4*4*4*3": "blocks are 1 x 4 x 4: time is not folded.",
            "B, T*(H//4)*(W//4), 4*4": "each of the 16 pixels has three colours.",
        },
        compute=lambda: VideoPreprocessor((16, 224, 224), (1, 4, 4))(
            torch.zeros(1, 16, 3, 224, 224, device="meta")
        ),
    ),
    "shapes.broadcast": Prediction(
        question="queries[:, None] * keys, where queries is [O, C] and keys is [M, C].",
        formula="O, M, C",
        symbols={"O": 3, "M": 5, "C": 4},
        slips={
            "O, 1, C": "the axis of size 1 is stretched to meet the other's size M.",
            "O, C": "None makes a new axis, and there every query meets every key.",
            "M, O, C": "the new axis stands second: the queries keep the first place.",
            "O + M, C": "nothing is put end to end: each pair gets its own products.",
        },
        compute=lambda: torch.zeros(3, 4)[:, None] * torch.zeros(5, 4),
    ),
}
