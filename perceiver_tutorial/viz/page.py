"""A figure laid out in pixels from its upper left corner: nothing is measured, so it is quick."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .picture import DOTS_PER_INCH, INK

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
