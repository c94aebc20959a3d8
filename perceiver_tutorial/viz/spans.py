"""Texts with the parts that were found in them: a box and its name beneath the letters."""

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..doors import checked
from .axes import AXES
from .letters import MONO, shown
from .picture import INK, Picture, blank

# Every kind has a colour, and beneath the letters its name in words.
COLOURS = tuple(AXES[name].colour for name in ("inputs", "channels", "classes", "heads"))
WIDEST, CELL, LINE = 9.4, 0.2, 2.3
Found = Iterable[tuple[int, int, int]]


@checked
def draw_spans(texts: Sequence[str], found: Sequence[Found], kinds: Sequence[str]) -> Picture:
    """Each text with a coloured box behind every span, and what it is beneath.

    Args:
        texts: a cell for each byte of each.
        found: for each text its spans: first byte, one after the last, number of its kind.
        kinds: a name for each number; 0 is none.
    """
    longest = max(len(text.encode()) for text in texts)
    cell = min(CELL, WIDEST / longest)
    figure, axes = blank(max(cell * longest, 3.0) + 0.1, LINE * 1.35 * cell * len(texts) + 0.1)
    told = []
    for row, (text, spans) in enumerate(zip(texts, found, strict=True)):
        spans = sorted(spans)
        _boxes(axes, LINE * row, spans, kinds, cell)
        _letters(axes, LINE * row, text, cell)
        told.append(_in_words(text, spans, kinds))
    axes.set(xlim=(-0.2, longest + 0.2), ylim=(LINE * len(texts) - 0.2, -0.15))
    return Picture(figure, f"Texts and what was found in them: {'; '.join(told)}.")


def _boxes(axes: Axes, y: float, spans: list, kinds: Sequence[str], cell: float) -> None:
    for start, stop, kind in spans:
        box = {
            "facecolor": COLOURS[(kind - 1) % len(COLOURS)],
            "edgecolor": "white",
            "linewidth": 1.5,
        }
        axes.add_patch(Rectangle((start, y), stop - start, 1.1, **box))
        middle = (start + stop) / 2
        look = {"ha": "center", "va": "center", "fontsize": 44 * cell, "color": INK}
        axes.text(middle, y + 1.5, kinds[kind], **look)


def _letters(axes: Axes, y: float, text: str, cell: float) -> None:
    place = 0
    for letter in text:
        width = len(letter.encode())
        size = (76 if len(shown(letter, MONO)) == 1 else 40) * cell
        look = {"ha": "center", "va": "center", "fontsize": size, "color": INK, "family": MONO}
        axes.text(place + width / 2, y + 0.55, shown(letter, MONO).strip("\u2423"), **look)
        place += width


def _in_words(text: str, spans: list, kinds: Sequence[str]) -> str:
    said = (text.encode()[start:stop].decode(errors="replace") for start, stop, _ in spans)
    parts = [f"{part} {kinds[kind]}" for part, (_, _, kind) in zip(said, spans, strict=True)]
    return f'"{text}" {", ".join(parts) or "nothing"}'
