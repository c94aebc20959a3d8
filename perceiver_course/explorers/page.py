"""A page of words, boxes and pictures, measured in inches."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..kit.axes import AXES
from ..kit.picture import DOTS_PER_INCH, INK

Number = int | float
PLAIN: Mapping[str, object] = {}
BOLD: Mapping[str, object] = {"fontweight": "bold"}


@dataclass(frozen=True)
class Page:
    """A figure of so many pixels.

    Attributes:
        width: in pixels.
        height: in pixels.
    """

    width: int
    height: int

    @cached_property
    def figure(self) -> Figure:
        """The one figure of this page."""
        return Figure(figsize=(self.width / DOTS_PER_INCH, self.height / DOTS_PER_INCH))

    def panel(self, left: Number, top: Number, width: Number, height: Number) -> Axes:
        """A new drawing area without a frame."""
        corner = left / self.width, 1 - (top + height) / self.height
        axes = self.figure.add_axes((*corner, width / self.width, height / self.height))
        axes.set_axis_off()
        return axes

    def write(self, x: Number, y: Number, words: str, look: Mapping[str, object] = PLAIN) -> None:
        """Words whose left end, unless `look` says otherwise, and middle height are at (x, y)."""
        look = {"fontsize": 9, "color": INK, "va": "center", **look}
        self.figure.text(x / self.width, 1 - y / self.height, words, **look)


Place = tuple[Number, Number]
# Width of an average letter over the size of the font, in pixels.
LETTER = 0.78
TAB = 6


class Sheet:
    """Boxes lie below lines, lines below words; what comes later covers what came before.

    Boxes and lines are drawn all at once: many small artists take most of the time.

    Args:
        width: in pixels.
        height: in pixels; y grows downwards.
    """

    def __init__(self, width: Number, height: Number):
        self.width, self.height = width, height
        self._boxes: list[tuple] = []
        self._lines: list[tuple] = []
        self._figure = Figure(figsize=(width / DOTS_PER_INCH, height / DOTS_PER_INCH))
        self._axes = self._figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
        self._axes.set_axis_off()

    def box(
        self,
        corner: tuple[Number, Number],
        size: tuple[Number, Number],
        colour: str,
        line: Number = 0,
    ) -> None:
        """A filled rectangle; `line` is the width of its outline."""
        (x, y), (width, height) = corner, size
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        self._boxes.append((corners, colour, line))

    def line(self, points: list[Place], width: Number = 1) -> None:
        """A line from point to point."""
        self._lines.append((points, width))

    def words(
        self, x: Number, y: Number, text: str, size: Number = 8.2, *, align: str = "left",
        is_bold: bool = False, colour: str = INK,
    ) -> None:  # fmt: skip
        """A line of text, its middle at the height of y."""
        self._axes.add_artist(
            Text(x, y, text, color=colour, fontsize=size, ha=align, va="center_baseline",
                 fontweight="bold" if is_bold else "normal", parse_math=False)
        )  # fmt: skip

    def axis(self, x: Number, y: Number, kind: str, text: str, size: Number) -> None:
        """The letter of an axis behind its colour, and a text; others without. Centred.

        The letter stands beside its colour, since not all colours carry small letters.
        """
        if kind in AXES:
            text = f"{AXES[kind].letter} {text}".strip()
            half, height = LETTER * size * len(text) / 2, 1.4 * size + 2
            self.box((x - half - TAB, y - height / 2), (TAB, height), AXES[kind].colour)
            x += TAB / 2
        self.words(x, y, text, size, align="center")

    def figure(self) -> Figure:
        """All that was put on the sheet."""
        corners, colours, widths = zip(*self._boxes, strict=True)
        edges = [INK if width else "none" for width in widths]
        boxes = PolyCollection(corners, facecolors=colours, edgecolors=edges, linewidths=widths)
        points, widths = zip(*self._lines, strict=True)
        lines = LineCollection(points, colors=INK, linewidths=widths, zorder=2)
        for artist in (boxes, lines):
            self._axes.add_collection(artist, autolim=False)
        return self._figure
