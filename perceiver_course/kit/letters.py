"""Text as cells, one for each byte: what is written, what is padding, what is read."""

from collections.abc import Iterator, Sequence

from jaxtyping import Float
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.ft2font import FT2Font
from torch import Tensor

from .axes import AXES
from .picture import Picture, box, ink_on, middle, panels, title_above

Characters = Sequence[tuple[str, Sequence[int]]]  # as `perceiver.characters` gives them

STRAY = "\ufffd"
SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"  # both come with matplotlib
MANY_IN_A_LINE = 64


def draw_read_bytes(
    characters: Characters, maps: Float[Tensor, "maps bytes"], titles: Sequence[str]
) -> Picture:
    """A text again and again, each time shaded by how much of each byte is read.

    Every map is shown from zero to its own largest weight. A dot is a special id.

    Args:
        characters: the text and its ids, without padding.
        maps: a weight for each id, from 0 upwards.
        titles: one for each map.
    """
    lines = list(lines_of(characters, MANY_IN_A_LINE))
    figure, grid = panels(len(maps), 1, 9.4, (0.3 * len(lines) + 0.28) * len(maps))
    for axes, weights, title in zip(grid[:, 0], maps, titles, strict=True):
        _shade(axes, lines, (weights / weights.max().clamp(min=1e-9)).tolist())
        title_above(axes, title, loc="left", pad=2)
        axes.set(xlim=(-0.1, MANY_IN_A_LINE + 0.1), ylim=(len(lines), -0.05))
    tops = (f"{t}, most at {_at(characters, m)}" for t, m in zip(titles, maps, strict=True))
    text = "".join(text for text, _ in characters)
    return Picture(figure, f"The text {text!r}, shaded by where attention goes: {'; '.join(tops)}.")


def _shade(axes: Axes, lines: list, shares: list[float]) -> None:
    number = 0
    for y, line in enumerate(lines):
        for x, (text, ids) in line:
            for step in range(len(ids)):
                box(axes, x + step, y, 1, 0.92, alpha=shares[number], linewidth=0, **kept())
                number += 1
            write(axes, x + len(ids) / 2, y + 0.48, _short(text), "#FFFFFF", 8, MONO)


def _at(characters: Characters, weights: Tensor) -> str:
    texts = [text for text, ids in characters for _ in ids]
    return repr(texts[int(weights.argmax())])


def placed(characters: Characters) -> Iterator[tuple[int, tuple[str, Sequence[int]]]]:
    """Every character with the number of bytes before it."""
    before = 0
    for text, ids in characters:
        yield before, (text, ids)
        before += len(ids)


def lines_of(characters: Characters, longest: int) -> Iterator[list]:
    """Pieces of at most so many bytes that split no character."""
    piece, length = [], 0
    for text, ids in characters:
        if length + len(ids) > longest:
            yield list(placed(piece))
            piece, length = [], 0
        piece.append((text, ids))
        length += len(ids)
    yield list(placed(piece))


def kept() -> dict[str, str]:
    """How a byte that is read looks."""
    return {"facecolor": AXES["inputs"].colour}


def is_special(text: str) -> bool:
    """Whether it is the name of a special id: characters are written with one letter."""
    return len(text) > 1


def _short(text: str) -> str:
    return "\u2022" if is_special(text) else shown(text, MONO).strip("\u2423")


def shown(text: str, family: str = SANS) -> str:
    """The text, a sign for a space, or the number of a character that cannot be drawn."""
    if is_special(text):
        return text
    font = FT2Font(font_manager.findfont(family))
    if text.isspace() or text == STRAY:
        return {" ": "\u2423", STRAY: "?"}.get(text, "")
    return text if font.get_char_index(ord(text)) else f"U+{ord(text):X}"


def write(
    axes: Axes, x: float, y: float, text: str, ground: str, size: int, family: str = SANS
) -> None:
    """Write into a cell at (x, y), in black or white, whichever stands out from its ground."""
    ink = ink_on(ground)
    size = min(size, 7) if len(text) > 3 else size
    middle(axes, x, y, text, size, color=ink, family=family)
