"""The one way to draw: figures of panels or one sheet; every picture says what it shows."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import FancyArrowPatch, Rectangle
from numpy.typing import ArrayLike
from torch import Tensor

INK = "#222222"
DOTS_PER_INCH = 100
Number = int | float
Place = tuple[Number, Number, Number, Number]


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


def panels(
    rows: int, columns: int, width: Number, height: Number, *, has_frames: bool = False, **shares
) -> tuple[Figure, np.ndarray]:
    """A figure of rows and columns of drawing areas, in inches over all.

    Args:
        rows: of the grid that is returned.
        columns: of the grid.
        width: of the figure.
        height: of the figure.
        has_frames: whether the areas have axes and ticks.
        shares: `width_ratios`, `height_ratios`, `sharex`, `sharey`, as matplotlib's `subplots`.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, **shares)
    for axes in grid.flat:
        if has_frames:
            open_frame(axes)
        else:
            axes.set_axis_off()
    return figure, grid


def sheet(
    width: Number, height: Number, *, per_inch: int = 1, is_upward: bool = False
) -> tuple[Figure, Axes]:
    """One drawing area that is all of the figure: drawn in a tenth of the time of many panels.

    Args:
        width: of the figure, in inches or parts of them.
        height: the same.
        per_inch: parts of an inch; with `DOTS_PER_INCH`, all lengths are pixels.
        is_upward: whether y grows upwards from the lower edge. Default: downwards from the upper.
    """
    figure = Figure(figsize=(width / per_inch, height / per_inch))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height) if is_upward else (height, 0))
    axes.set_autoscale_on(False)
    axes.set_axis_off()
    return figure, axes


def inset(axes: Axes, left: Number, top: Number, width: Number, height: Number) -> Axes:
    """A drawing area of its own on a sheet whose y grows downwards, without a frame."""
    wide, tall = axes.get_xlim()[1], axes.get_ylim()[0]
    corner = left / wide, 1 - (top + height) / tall
    area = axes.figure.add_axes((*corner, width / wide, height / tall))
    area.set_axis_off()
    return area


def title_above(axes: Axes, words: str, size: Number = 9, **look) -> None:
    """Write above a drawing area."""
    axes.set_title(words, fontsize=size, color=INK, **look)


def title_beside(axes: Axes, words: str) -> None:
    """Write to the left of a drawing area, at half its height."""
    write(axes, -0.08, 0.5, words, 9, ha="right", transform=axes.transAxes)


def write(axes: Axes, x: Number, y: Number, words: str, size: Number = 8, **look) -> None:
    """Words at a place, which is in the middle of their height.

    Args:
        axes: where.
        x: their left end, or as `ha` says.
        y: as `va` says.
        words: any; `$` is a letter like others.
        size: of the letters, in points.
        look: matplotlib's words for texts; `ground` is the colour of a box behind the words.
    """
    if "ground" in look:
        look["bbox"] = {"facecolor": look.pop("ground"), "edgecolor": "none", "pad": 1.0}
    look = {"va": "center_baseline", "color": INK, "parse_math": False, **look}
    axes.text(x, y, words, fontsize=size, **look)


def middle(axes: Axes, x: Number, y: Number, words: str, size: Number = 8, **look) -> None:
    """Words around a place; arguments as for `write`."""
    write(axes, x, y, words, size, ha="center", **look)


def box(axes: Axes, x: Number, y: Number, width: Number, height: Number, **look) -> None:
    """A rectangle from one corner; unless `look` says otherwise, filled and without an outline.

    Args:
        axes: where.
        x: of the corner.
        y: of the corner.
        width: along x.
        height: along y.
        look: matplotlib's words for patches, e.g. facecolor, edgecolor, hatch.
    """
    axes.add_patch(Rectangle((x, y), width, height, **{"edgecolor": "none", **look}))


def boxes(axes: Axes, places: ArrayLike, **look) -> None:
    """Many rectangles (x, y, width, height) at once; `look` as of matplotlib's collections."""
    x, y, width, height = np.asarray(places, dtype=float).reshape(-1, 4).T
    corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    axes.add_collection(PolyCollection(corners.transpose(2, 0, 1), **look), autolim=False)


def lines(axes: Axes, ends: ArrayLike, **look) -> None:
    """Many lines ((x, y), (x, y)) at once; `look` as of matplotlib's collections."""
    axes.add_collection(LineCollection(np.asarray(ends, dtype=float), **look), autolim=False)


def borders(where: Tensor) -> list[tuple]:
    """The sides ((x, y), (x, y)) between cells [rows, columns] that are True and that are not.

    >>> import torch
    >>> borders(torch.tensor([[True, False]]))
    [((1, 0), (1, 1))]
    """
    across, down = where[:, 1:] != where[:, :-1], where[1:] != where[:-1]
    sides = [((x + 1, y), (x + 1, y + 1)) for y, x in across.nonzero().tolist()]
    return sides + [((x, y + 1), (x + 1, y + 1)) for y, x in down.nonzero().tolist()]


def frame(axes: Axes, x: Number, y: Number, width: Number, height: Number, **look) -> None:
    """The outline of a rectangle from one corner; arguments as for `box`."""
    box(axes, x, y, width, height, fill=False, **{"edgecolor": INK, "linewidth": 2, **look})


def show(axes: Axes, image: Tensor | np.ndarray, place: Place | None = None, **look) -> AxesImage:
    """An image without smoothing; of numbers, dark where they are low.

    Args:
        axes: where.
        image: [height, width], [3, height, width] or [1, height, width] as a tensor; as an array
            what matplotlib shows.
        place: left, right, lower and upper edge. Default: one unit for each pixel.
        look: matplotlib's words for images, e.g. cmap, vmin, vmax.
    """
    if isinstance(image, Tensor):
        image = image.detach()
        image = image.movedim(0, -1).squeeze(-1).numpy() if image.ndim == 3 else image.numpy()
    look = {"cmap": "cividis", "interpolation": "nearest", **look}
    if place is not None:
        look |= {"extent": place, "aspect": "auto"}
    return axes.imshow(image, **look)


def arrow(axes: Axes, start: tuple, end: tuple, size: int = 11, style: str = "-") -> None:
    """From one (x, y) to another, in the axes' own units; `style` is matplotlib's for lines."""
    look = {"arrowstyle": "-|>", "mutation_scale": size, "color": INK, "linestyle": style}
    axes.add_patch(FancyArrowPatch(start, end, **look))


def open_frame(axes: Axes) -> None:
    """Leave of a frame only the two lines that carry the ticks."""
    axes.spines[["top", "right"]].set_visible(False)


def legend_below(figure: Figure, handles: Sequence[Artist | Container], size: Number = 9) -> None:
    """What colours and lines stand for, in one line below all panels."""
    names = [handle.get_label() for handle in handles]
    look = {"loc": "outside lower center", "ncols": len(names), "frameon": False, "fontsize": size}
    figure.legend(handles, names, **look)
