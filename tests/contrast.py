"""Whether the words of a picture can be read: the contrast of every letter with its ground."""

from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text

ENOUGH = 4.5  # WCAG 2.2, success criterion 1.4.3, level AA
ENOUGH_FOR_LARGE = 3.0
LARGE = 14  # points, bold, or 18 otherwise


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

    The figure is drawn without any words; what then lies where a word was is its ground. The
    darkest and the brightest tenth of the ground are left out: lines that cross it.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    words = [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in words]
    figure.set_layout_engine("none")
    for text in words:
        text.set_alpha(0)
    canvas.draw()
    ground = np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255
    for text, box in zip(words, boxes, strict=True):
        text.set_alpha(None)
        x0, y0, x1, y1 = np.round(box.extents).astype(int).clip(0)
        under = ground[y0:y1, x0:x1].reshape(-1, 3)
        if len(under):
            yield from _complaint(text, under)


def _complaint(text: Text, under: np.ndarray) -> Iterator[str]:
    ratios = contrast(np.array(to_rgba(text.get_color())[:3]), under)
    found = float(np.quantile(ratios, 0.1))
    bold_size = text.get_fontsize() * (1.3 if text.get_fontweight() in ("bold", 700) else 1)
    wanted = ENOUGH_FOR_LARGE if bold_size >= LARGE * 1.3 else ENOUGH
    if found < wanted:
        yield f"{text.get_text()!r}: {found:.1f}, expected {wanted}"
