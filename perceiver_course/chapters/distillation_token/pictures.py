"""The two tokens in front of the patches, and the heads that read them."""

from einops import rearrange
from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from ...kit.axes import AXES, Kind
from ...kit.images import GREY, as_shown
from ...kit.picture import Number, Picture, arrow, box, middle, panels, show, title_above

FIRST, LAST = 7, 2
PREFIX = {"class": AXES["classes"], "distillation": AXES["queries"]}
WORDS = {"class": "class", "distillation": "distil-\nlation"}
DOTS = "\N{HORIZONTAL ELLIPSIS}"


def draw_token_strip(
    image: Float[Tensor, "colours height width"], grid: tuple[int, int], distilled: bool = True
) -> Picture:
    """A picture cut into patches, the sequence that is read, and the heads that read in the end.

    Tokens are numbered from 0; of many patches the middle ones are left out.

    Args:
        image: what is read; one or three colours.
        grid: (rows, columns) of patches.
        distilled: whether a distillation token stands behind the class token.
    """
    figure, ((left, right),) = panels(1, 2, 9.4, 2.6, width_ratios=(2.1, 7))
    picture = as_shown(image)
    show(left, picture, **GREY)
    for line, size, count in zip((left.axhline, left.axvline), picture.shape, grid, strict=False):
        for number in range(1, count):
            line(number * size / count - 0.5, color="white", linewidth=0.7)
    title_above(left, f"{grid[0]} x {grid[1]} patches")
    prefix = list(PREFIX.items()) if distilled else list(PREFIX.items())[:1]
    for place, (name, kind) in enumerate(prefix):
        _token(right, place, 0, 1, 1, kind, WORDS[name])
        _token(right, place, 2.4, 1, 0.7, kind, "head")
        arrow(right, (place + 0.5, 1.98), (place + 0.5, 2.46), size=8)
        middle(right, place + 0.5, -0.22, str(place))
    patches = rearrange(picture, "(y h) (x w) ... -> (y x) h w ...", y=grid[0], x=grid[1])
    shown = [*range(FIRST), None, *range(len(patches) - LAST, len(patches))]
    for place, number in enumerate(shown, len(prefix)):
        if number is None:
            middle(right, place + 0.5, 0.5, DOTS, 14)
        else:
            inside = (place + 0.06, place + 0.94, 0.06, 0.94)
            show(right, patches[number], inside, **GREY)
            middle(right, place + 0.5, -0.22, str(number + len(prefix)))
    width = len(prefix) + len(shown)
    _token(right, 0, 1.25, width, 0.7, AXES["inputs"], "blocks: every token reads every token")
    for place in range(width):
        arrow(right, (place + 0.5, 0.98), (place + 0.5, 1.31), size=8)
    right.set(xlim=(0, width), ylim=(-0.5, 3.2), aspect="equal")
    named = " and ".join(f"{place} the {name} token" for place, (name, _) in enumerate(prefix))
    return Picture(
        figure,
        f"A picture cut into {grid[0]} by {grid[1]} patches, and the {len(patches) + len(prefix)} "
        f"tokens that are read: {named}, each with a head above it, then the patches row by row.",
    )


def _token(
    axes: Axes, x: Number, y: Number, width: Number, height: Number, kind: Kind, words: str
) -> None:
    box(axes, x + 0.06, y + 0.06, width - 0.12, height - 0.12, facecolor=kind.colour)
    middle(axes, x + width / 2, y + height / 2, words, color=kind.ink)
