"""Whether the words of a picture can be read: the contrast of every letter with its ground."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from unittest.mock import patch

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

ENOUGH = 4.5  # WCAG 2.2, success criterion 1.4.3, level AA
ENOUGH_FOR_LARGE = 3.0
LARGE, LARGE_BOLD = 18, 14  # points
NEAR = 1  # pixels around a letter that count as its ground, too


def luminance(colours: np.ndarray) -> np.ndarray:
    """Relative luminance of colours from 0 to 1, last axis red, green, blue."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """From 1, alike, to 21, black on white."""
    bright, dark = (
        np.maximum(luminance(one), luminance(other)),
        np.minimum(luminance(one), luminance(other)),
    )
    return (bright + 0.05) / (dark + 0.05)


def too_faint(figure: Figure) -> Iterator[str]:
    """The words of a figure that are hard to read, each with its contrast.

    The figure is drawn without any words, but with the boxes behind them; what then lies
    where letters were, and next to them, is their ground. The tenth of it that differs least
    is left out: lines that cross.
    """
    canvas = FigureCanvasAgg(figure)
    words = drawn_words(canvas)
    figure.set_layout_engine("none")
    places = [_place_of(text, canvas) for text in words]
    with _unseen(words):
        canvas.draw()
    ground = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    for text, place in zip(words, places, strict=True):
        if place.any():
            yield from _complaint(text, ground[place])


def drawn_words(canvas: FigureCanvasAgg) -> list[Text]:
    """All texts that are drawn; labels of ticks that are switched off are not."""
    drawn: list[Text] = []
    draw = Text.draw

    def noting(text: Text, renderer: RendererBase) -> None:
        drawn.append(text)
        draw(text, renderer)

    with patch.object(Text, "draw", noting):
        canvas.draw()
    return [text for text in drawn if text.get_visible() and text.get_text().strip()]


@contextmanager
def _unseen(words: Sequence[Text]) -> Iterator[None]:
    """Words without their letters, for a while; their boxes stay."""
    opacities = [text.get_alpha() for text in words]
    for text in words:
        text.set_alpha(0)
    yield
    for text, opacity in zip(words, opacities, strict=True):
        text.set_alpha(opacity)


def _place_of(text: Text, canvas: FigureCanvasAgg) -> np.ndarray:
    """Pixels of its letters, however they are turned, and of their surroundings."""
    renderer, opacity, box = canvas.get_renderer(), text.get_alpha(), text.get_bbox_patch()
    renderer.clear()
    text.set_alpha(1)
    if box is not None:
        box.set_visible(False)
    Text.draw(text, renderer)
    text.set_alpha(opacity)
    if box is not None:
        box.set_visible(True)
    letters = np.asarray(renderer.buffer_rgba())[..., 3] > 127
    near = range(-NEAR, NEAR + 1)
    return np.any([np.roll(letters, step, (0, 1)) for step in product(near, near)], axis=0)


def _complaint(text: Text, under: np.ndarray) -> Iterator[str]:
    *colour, opacity = to_rgba(text.get_color(), text.get_alpha())
    ratios = contrast(opacity * np.array(colour) + (1 - opacity) * under, under)
    found = float(np.quantile(ratios, 0.1))
    is_bold = text.get_fontweight() in ("bold", "heavy", "black") or (
        isinstance(text.get_fontweight(), int) and text.get_fontweight() >= 700
    )
    is_large = text.get_fontsize() >= (LARGE_BOLD if is_bold else LARGE)
    wanted = ENOUGH_FOR_LARGE if is_large else ENOUGH
    if found < wanted:
        yield f"{text.get_text()!r}: {found:.1f}, expected {wanted}"
