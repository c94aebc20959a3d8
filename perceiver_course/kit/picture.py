"""A figure with words: every picture says what it shows, for those who do not see it."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

INK = "#222222"
DOTS_PER_INCH = 100


@dataclass(frozen=True, repr=False)
class Picture:
    """What Jupyter shows as an image, a screen reader reads out, and a test compares.

    Attributes:
        figure: the drawing.
        alt: what it shows, in a sentence or two.
    """

    figure: Figure
    alt: str

    def __repr__(self) -> str:
        return f"picture: {self.alt}"

    @cached_property
    def png(self) -> bytes:
        """The drawing as a PNG file; drawn once, since layouts settle a little more each time."""
        buffer = io.BytesIO()
        self.figure.savefig(
            buffer, format="png", dpi=DOTS_PER_INCH, facecolor="white", metadata={"Software": None}
        )
        return buffer.getvalue()

    @cached_property
    def svg(self) -> str:
        """The drawing as an SVG file, for print and for pages; its letters stay letters."""
        buffer = io.StringIO()
        with rc_context({"svg.hashsalt": "picture", "svg.fonttype": "none"}):
            self.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()

    @property
    def html(self) -> str:
        """The drawing with its words, for a page; never wider than the page."""
        image = base64.b64encode(self.png).decode()
        look = "max-width:100%;height:auto"
        return f'<img alt="{escape(self.alt)}" style="{look}" src="data:image/png;base64,{image}">'

    def save(self, path: str | Path) -> None:
        """Write a file: SVG if the path ends so, else PNG."""
        path = Path(path)
        path.write_bytes(self.svg.encode() if path.suffix == ".svg" else self.png)

    def _repr_mimebundle_(self, **_options) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        image = base64.b64encode(self.png).decode()
        return (
            {"text/plain": repr(self), "image/png": image},
            {"image/png": {"alt": self.alt}},
        )


def ink_on(ground: str | tuple[float, ...]) -> str:
    """Black or white, whichever is easier to read on a colour; never less than 4.5 to 1.

    >>> ink_on("#FFFFFF"), ink_on("#0072B2"), ink_on((0.5, 0.5, 0.5))
    ('black', 'white', 'black')
    """
    shares = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(ground))
    red, green, blue = shares
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white"


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """One empty drawing area without a frame, in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    return figure, axes


def sheet(width: float, height: float, *, is_upward: bool = False) -> tuple[Figure, Axes]:
    """One drawing area that is all of the figure, in inches, drawn at once.

    Args:
        width: of the figure.
        height: of the figure.
        is_upward: whether y grows upwards from the lower edge. Default: downwards from the upper.
    """
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(0, height) if is_upward else (height, 0))
    return figure, axes


def strip(
    count: int, width: float, height: float, shares: Sequence[int] | None = None
) -> tuple[Figure, list[Axes]]:
    """Several empty drawing areas side by side, in inches over all; as wide as their shares."""
    figure = Figure(figsize=(width, height), layout="constrained")
    row = figure.subplots(1, count, squeeze=False, width_ratios=shares)[0]
    for axes in row:
        axes.set_axis_off()
    return figure, list(row)


def arrow(axes: Axes, start: tuple, end: tuple, size: int = 11, style: str = "-") -> None:
    """From one (x, y) to another, in the axes' own units; `style` is matplotlib's for lines."""
    look = {"arrowstyle": "-|>", "mutation_scale": size, "color": INK, "linestyle": style}
    axes.add_patch(FancyArrowPatch(start, end, **look))


def open_frame(axes: Axes) -> None:
    """Leave of a frame only the two lines that carry the ticks."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
