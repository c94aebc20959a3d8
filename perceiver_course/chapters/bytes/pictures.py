"""Bytes as cells: which character they write, and which of them may be read."""

from collections.abc import Sequence

from jaxtyping import Bool
from torch import Tensor

from ...kit.axes import AXES
from ...kit.letters import STRAY, Characters, is_special, kept, lines_of, placed, shown, write
from ...kit.picture import Picture, box, panels

SPECIAL = AXES["batch"].colour
IN_A_LINE = 24
# From light to dark, so that grey tells them apart as well.
BY_LENGTH = {1: "#FBE9C6", 2: "#F3C666", 3: "#E69F00", 4: "#A87400"}
HATCHED = {"facecolor": "#EEEEEE", "hatch": "////"}


def draw_bytes(characters: Characters) -> Picture:
    """A text as a ribbon: a cell with its id for each byte, over it the character they write.

    The more bytes a character takes, the darker it is. Special ids are grey, bytes that
    write no character hatched. A character that the picture's font lacks is named by its number.

    Args:
        characters: texts with their ids, from `perceiver.characters`.
    """
    lines = list(lines_of(characters, IN_A_LINE))
    figure, ((axes,),) = panels(1, 1, 9.4, 0.95 * len(lines) + 0.3)
    for y, line in enumerate(lines):
        for x, (text, ids) in line:
            colour = SPECIAL if is_special(text) else BY_LENGTH[len(ids)]
            look = HATCHED if text == STRAY else {"facecolor": colour}
            box(axes, x, 2.4 * y, len(ids), 1, **look, edgecolor="white", linewidth=1.5)
            write(axes, x + len(ids) / 2, 2.4 * y + 0.5, shown(text), look["facecolor"], 11)
            for step, number in enumerate(ids):
                below = {"facecolor": "none", "edgecolor": look["facecolor"]}
                box(axes, x + step + 0.05, 2.4 * y + 1.05, 0.9, 0.8, **below)
                write(axes, x + step + 0.5, 2.4 * y + 1.45, str(number), "#FFFFFF", 8)
    axes.set(xlim=(-0.1, IN_A_LINE + 0.1), ylim=(2.4 * len(lines) - 0.4, -0.1))
    told = ", ".join(f"{text} {' '.join(map(str, ids))}" for text, ids in characters)
    return Picture(figure, f"Characters over the ids of their bytes: {told}.")


def draw_mask(rows: Sequence[Characters], mask: Bool[Tensor, "texts bytes"]) -> Picture:
    """Several texts as rows of cells: orange where they may be read, hatched where not.

    Args:
        rows: each text's characters, padding included.
        mask: True where a byte may be read.
    """
    count, length = mask.shape
    figure, ((axes,),) = panels(1, 1, 9.4, 0.36 * count + 0.3)
    for y, characters in enumerate(rows):
        for x, (text, ids) in placed(characters):
            look = kept() if mask[y, x] else HATCHED
            box(axes, x, y, len(ids), 0.9, edgecolor="white", **look)
            size = 6 if is_special(text) else 9
            write(axes, x + len(ids) / 2, y + 0.48, shown(text).strip("[]"), "#FFFFFF", size)
    axes.set(xlim=(-0.1, length + 0.1), ylim=(count, -0.1))
    told = ", ".join(str(int(row.sum())) for row in mask)
    alt = f"{count} texts of {length} ids each; kept are the first {told}, the rest is hatched."
    return Picture(figure, alt)
