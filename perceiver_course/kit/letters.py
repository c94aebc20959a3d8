"""Text as cells, one for each byte: what is written, what is padding, what is read."""

from collections.abc import Iterator, Sequence

from jaxtyping import Bool, Float
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from torch import Tensor

from .axes import AXES
from .picture import INK, Picture, blank, ink_on

Characters = Sequence[tuple[str, Sequence[int]]]  # as `perceiver.characters` gives them

# From light to dark, so that grey tells them apart as well.
BY_LENGTH = {1: "#FBE9C6", 2: "#F3C666", 3: "#E69F00", 4: "#A87400"}
SPECIAL = AXES["batch"].colour
STRAY = "\ufffd"
IN_A_LINE = 24
SANS, MONO = "DejaVu Sans", "DejaVu Sans Mono"  # both come with matplotlib
MANY_IN_A_LINE = 64


def draw_bytes(characters: Characters) -> Picture:
    """A text as a ribbon: a cell with its id for each byte, over it the character they write.

    The more bytes a character takes, the darker it is. Special ids are grey, bytes that
    write no character hatched. A character that the picture's font lacks is named by its number.

    Args:
        characters: texts with their ids, from `perceiver.characters`.
    """
    lines = list(_lines(characters, IN_A_LINE))
    figure, axes = blank(9.4, 0.95 * len(lines) + 0.3)
    for y, line in enumerate(lines):
        for x, (text, ids) in line:
            look = _look(text, ids)
            box = {"width": len(ids), "edgecolor": "white", "linewidth": 1.5, **look}
            axes.add_patch(Rectangle((x, 2.4 * y), height=1, **box))
            _write(axes, x + len(ids) / 2, 2.4 * y + 0.5, shown(text), look["facecolor"], 11)
            for step, number in enumerate(ids):
                frame = {"facecolor": "none", "edgecolor": look["facecolor"]}
                axes.add_patch(Rectangle((x + step + 0.05, 2.4 * y + 1.05), 0.9, 0.8, **frame))
                _write(axes, x + step + 0.5, 2.4 * y + 1.45, str(number), "#FFFFFF", 8)
    axes.set(xlim=(-0.1, IN_A_LINE + 0.1), ylim=(2.4 * len(lines) - 0.4, -0.1))
    told = ", ".join(f"{text} {' '.join(map(str, ids))}" for text, ids in characters)
    return Picture(figure, f"Characters over the ids of their bytes: {told}.")


def draw_keep(rows: Sequence[Characters], keep: Bool[Tensor, "texts bytes"]) -> Picture:
    """Several texts as rows of cells: orange where they may be read, hatched where not.

    Args:
        rows: each text's characters, padding included.
        keep: True where a byte may be read.
    """
    count, length = keep.shape
    figure, axes = blank(9.4, 0.36 * count + 0.3)
    for y, characters in enumerate(rows):
        for x, (text, ids) in _placed(characters):
            look = _kept() if keep[y, x] else _dropped()
            axes.add_patch(Rectangle((x, y), len(ids), 0.9, edgecolor="white", **look))
            size = 6 if _is_special(text) else 9
            _write(axes, x + len(ids) / 2, y + 0.48, shown(text).strip("[]"), "#FFFFFF", size)
    axes.set(xlim=(-0.1, length + 0.1), ylim=(count, -0.1))
    kept = ", ".join(str(int(row.sum())) for row in keep)
    return Picture(
        figure,
        f"{count} texts of {length} ids each; kept are the first {kept}, the rest is hatched.",
    )


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
    lines = list(_lines(characters, MANY_IN_A_LINE))
    figure = Figure(figsize=(9.4, (0.3 * len(lines) + 0.28) * len(maps)), layout="constrained")
    panels = figure.subplots(len(maps), 1, squeeze=False)[:, 0]
    for axes, weights, title in zip(panels, maps, titles, strict=True):
        _shade(axes, lines, (weights / weights.max().clamp(min=1e-9)).tolist())
        axes.set_axis_off()
        axes.set_title(title, fontsize=9, color=INK, loc="left", pad=2)
        axes.set(xlim=(-0.1, MANY_IN_A_LINE + 0.1), ylim=(len(lines), -0.05))
    tops = (f"{t}, most at {_at(characters, m)}" for t, m in zip(titles, maps, strict=True))
    return Picture(figure, f"{len(maps)} times one text, shaded by weight: {'; '.join(tops)}.")


def _shade(axes: Axes, lines: list, shares: list[float]) -> None:
    number = 0
    for y, line in enumerate(lines):
        for x, (text, ids) in line:
            for step in range(len(ids)):
                axes.add_patch(
                    Rectangle((x + step, y), 1, 0.92, alpha=shares[number], linewidth=0, **_kept())
                )
                number += 1
            _write(axes, x + len(ids) / 2, y + 0.48, _short(text), "#FFFFFF", 8, MONO)


def _at(characters: Characters, weights: Tensor) -> str:
    texts = [text for text, ids in characters for _ in ids]
    return repr(texts[int(weights.argmax())])


def _placed(characters: Characters) -> Iterator[tuple[int, tuple[str, Sequence[int]]]]:
    """Every character with the number of bytes before it."""
    before = 0
    for text, ids in characters:
        yield before, (text, ids)
        before += len(ids)


def _lines(characters: Characters, longest: int) -> Iterator[list]:
    """Pieces of at most so many bytes that split no character."""
    piece, length = [], 0
    for text, ids in characters:
        if length + len(ids) > longest:
            yield list(_placed(piece))
            piece, length = [], 0
        piece.append((text, ids))
        length += len(ids)
    yield list(_placed(piece))


def _look(text: str, ids: Sequence[int]) -> dict[str, str]:
    if text == STRAY:
        return {"facecolor": "#EEEEEE", "hatch": "////"}
    return {"facecolor": SPECIAL if _is_special(text) else BY_LENGTH[len(ids)]}


def _kept() -> dict[str, str]:
    return {"facecolor": AXES["inputs"].colour}


def _dropped() -> dict[str, str]:
    return {"facecolor": "#EEEEEE", "hatch": "////"}


def _is_special(text: str) -> bool:
    return len(text) > 1


def _short(text: str) -> str:
    return "\u2022" if _is_special(text) else shown(text, MONO).strip("\u2423")


def shown(text: str, family: str = SANS) -> str:
    """The text, a sign for a space, or the number of a character that cannot be drawn."""
    if _is_special(text):
        return text
    font = FT2Font(font_manager.findfont(family))
    if text.isspace() or text == STRAY:
        return {" ": "\u2423", STRAY: "?"}.get(text, "")
    return text if font.get_char_index(ord(text)) else f"U+{ord(text):X}"


def _write(
    axes: Axes, x: float, y: float, text: str, ground: str, size: int, family: str = SANS
) -> None:
    ink = ink_on(ground)
    size = min(size, 7) if len(text) > 3 else size
    axes.text(x, y, text, ha="center", va="center", fontsize=size, color=ink, family=family)
