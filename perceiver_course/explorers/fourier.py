"""Many small images as one: drawn at once, and every cell equally large."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn.functional import cosine_similarity

from perceiver_tutorial.positions import fourier_features, grid_positions

from ..kit.axes import AXES
from ..kit.picture import DOTS_PER_INCH, INK, Picture, inset, middle, sheet, show, write
from ..kit.position_pictures import LIMITS
from .explorer import Explorer, Settings
from .knobs import Choice, Whole

GAP = 5


@dataclass(frozen=True)
class Mosaic:
    """Lines of tiles, every cell the same whole number of pixels, so that none is drawn unevenly.

    Attributes:
        tiles: one value for each cell.
        size: (height, width) that a tile may have, in pixels.
    """

    tiles: Float[Tensor, "lines across rows columns"]
    size: tuple[int, int]

    @property
    def cell(self) -> tuple[int, int]:
        """(height, width) of a cell in pixels."""
        rows, columns = self.tiles.shape[2:]
        return max(1, self.size[0] // rows), max(1, self.size[1] // columns)

    @property
    def canvas(self) -> np.ndarray:
        """The whole as an image of pixels; around the tiles is nothing."""
        lines, across = self.tiles.shape[:2]
        whole = np.full((lines, across, *(side + GAP for side in self.size)), np.nan)
        top, left = self._margins
        enlarged = np.kron(self.tiles.numpy(), np.ones((1, 1, *self.cell)))
        whole[:, :, top : top + enlarged.shape[2], left : left + enlarged.shape[3]] = enlarged
        step_down, step_across = whole.shape[2:]
        return whole.swapaxes(1, 2).reshape(lines * step_down, across * step_across)

    def middles(self, cells: Int[Tensor, "cells four=4"]) -> tuple[np.ndarray, np.ndarray]:
        """Where cells are on the canvas: across and down, in pixels.

        Args:
            cells: (line, tile of the line, row, column) of each.
        """
        line, across, row, column = cells.numpy().T
        (top, left), (high, wide) = self._margins, self.cell
        return (
            across * (self.size[1] + GAP) + left + (column + 0.5) * wide - 0.5,
            line * (self.size[0] + GAP) + top + (row + 0.5) * high - 0.5,
        )

    @property
    def _margins(self) -> tuple[int, int]:
        """Pixels above and to the left of what is drawn in a tile's room."""
        rows, columns = self.tiles.shape[2:]
        (high, wide), (tall, broad) = self.cell, self.size
        return max(0, tall - high * rows) // 2, max(0, broad - wide * columns) // 2


NAMES = ("t", "y", "x")
BOLD = {"fontweight": "bold"}
FAST = {"color": AXES["inputs"].colour, "linewidth": 1.2}
SLOW = {"color": AXES["latents"].colour, "linewidth": 2.0, "linestyle": "--"}
WARNING = {"color": "#9A3C00", "fontweight": "bold"}  # vermilion, dark enough for words
# In pixels.
WIDTH, LEFT, TILE, HEAD, WAVE, ALIKE_LEFT, ALIKE_WIDE = 800, 52, 56, 96, 176, 560, 228
MOST_TILES = 8
ALIKE = 0.9


def seen_pitch(pitch: float, cells: int) -> tuple[float, bool]:
    """The slowest wave that the cells of an axis cannot tell from one of a given pitch.

    Args:
        pitch: cycles over the axis.
        cells: of the axis, the first at -1, the last at 1.

    Returns:
        Its pitch, and whether its cosine is upside down.

    >>> seen_pitch(12.0, 16), seen_pitch(7.0, 16)
    ((3.0, True), (7.0, False))
    """
    steps = cells - 1
    turns = round(pitch / steps)
    return abs(pitch - turns * steps), turns * steps % 2 == 1


def band_tiles(
    features: Float[Tensor, "cells channels"], index_dims: tuple[int, ...], place: tuple[int, ...]
) -> Float[Tensor, "lines bands rows columns"]:
    """Sines of each axis, then cosines, each band as an image; of a film the place's frame."""
    dims = len(index_dims)
    waves = features[:, dims:].reshape(*index_dims, 2 * dims, -1)
    shown = {1: waves[None], 2: waves, 3: waves[place[0]]}[dims]
    return rearrange(shown, "y x lines bands -> lines bands y x")


def alike_to(
    features: Float[Tensor, "cells channels"], index_dims: tuple[int, ...], place: tuple[int, ...]
) -> Float[Tensor, "frames rows columns"]:
    """The cosine between how one place is written and how every place is."""
    grid = features.reshape(*(1, 1, *index_dims)[-3:], -1)
    here = grid[(0, 0, *place)[-3:]]
    return cosine_similarity(features, here, dim=-1).reshape(grid.shape[:-1])


def draw_fourier(
    features: Float[Tensor, "cells channels"],
    index_dims: tuple[int, ...],
    pitches: Float[Tensor, "dims bands"],
    place: tuple[int, ...],
) -> Picture:
    """Bands as tiles, who is like one place, and the fastest wave as the cells see it.

    Args:
        features: one row for each cell, as `fourier_features` orders its channels.
        index_dims: cells along each axis: (frames, rows,) columns.
        pitches: of each axis' bands, from slow to fast; cycles over the axis.
        place: (frame, row,) column of the cell to compare with.
    """
    (dims, bands), over = pitches.shape, " x ".join(map(str, index_dims))
    figure, page = sheet(WIDTH, HEAD + _tall(dims) + WAVE, per_inch=DOTS_PER_INCH)
    title = f"{dims} x (2 x {bands} + 1) = {features.shape[1]} channels for each of {over} cells"
    write(page, 10, 18, title, 12, **BOLD)
    _draw_bands(page, band_tiles(features, index_dims, place), pitches, index_dims[-1])
    alike = alike_to(features, index_dims, place)
    told = _draw_alike(page, alike, place)
    verdict = _draw_wave(page, pitches[-1, -1].item(), index_dims[-1], place[-1])
    return Picture(figure, f"{title}. {verdict}. {told}.")


def _draw_bands(
    page: Axes, tiles: Float[Tensor, "lines bands rows columns"], pitches: Tensor, cells: int
) -> None:
    """At most eight bands, evenly chosen, under their pitches; those in disguise are told."""
    shown = np.unique(np.linspace(0, tiles.shape[1] - 1, MOST_TILES).round().astype(int))
    # A line has stripes for images, which may be as wide as there is room.
    wide = TILE if len(pitches) > 1 else MOST_TILES * (TILE + GAP) // len(shown) - GAP
    _show(page, Mosaic(tiles[:, shown], (TILE, wide)), LEFT)
    write(page, 10, 46, _bands_told(len(shown), pitches), 9)
    for column, pitch in enumerate(pitches[-1, shown].tolist()):
        x = LEFT + column * (wide + GAP) + wide / 2
        middle(page, x, 68, f"{pitch:.3g}", 9)
        if (seen := seen_pitch(pitch, cells)[0]) < pitch:
            middle(page, x, 84, f"as {seen:.3g}", 9, **WARNING)
    names = NAMES[-len(pitches) :]
    for line, name in enumerate([f"{kind} {name}" for kind in ("sin", "cos") for name in names]):
        write(page, LEFT - 6, HEAD + line * (TILE + GAP) + TILE / 2, name, 9, ha="right")


def _bands_told(count: int, pitches: Tensor) -> str:
    number = f"{count} of {pitches.shape[1]}" if count < pitches.shape[1] else f"{count}"
    plural = "bands" if count > 1 else "band"
    frames = f"; along t {pitches[0, 0]:.3g} to {pitches[0, -1]:.3g}" if len(pitches) == 3 else ""
    return f"{number} {plural}, by waves along x{frames} (light 1, dark -1)"


def _draw_alike(
    page: Axes, alike: Float[Tensor, "frames rows columns"], place: tuple[int, ...]
) -> str:
    """How alike every place is, frame by frame, dots on those that are; says how many."""
    across = 1 if len(alike) == 1 else 2
    wide = ALIKE_WIDE // across
    high = _tall(1) if alike.shape[1] == 1 else wide
    mosaic = Mosaic(alike.unflatten(0, (-1, across)), (high, wide))
    axes = _show(page, mosaic, ALIKE_LEFT)
    cells = (mosaic.tiles >= ALIKE).nonzero()
    axes.plot(*mosaic.middles(cells), ".", color=INK, markersize=3)
    if len(alike) > 1:
        for frame in range(len(alike)):
            x, y = frame % across * (wide + GAP) + 4, frame // across * (wide + GAP) + 11
            write(axes, x, y, f"t {frame}", ground="white")
    frame, row, column = (0, 0, *place)[-3:]
    here = torch.tensor([[frame // across, frame % across, row, column]])
    axes.plot(*mosaic.middles(here), "P", color=INK, markeredgecolor="white", markersize=11)
    names = zip(("frame", "row", "column")[-len(place) :], place, strict=True)
    where = ", ".join(f"{name} {number}" for name, number in names)
    others = mosaic.tiles.flatten().sort(descending=True).values[1:]
    count = f"{len(cells) - 1} of {len(others)} others"
    write(page, ALIKE_LEFT, 46, f"how alike {where} is to all", 9)
    write(page, ALIKE_LEFT, 68, f"the most alike other: {others[0]:.2f}", 9)
    write(page, ALIKE_LEFT, 84, f"dots, {ALIKE} or more: {count}", 9)
    return f"Alike to {where} to {ALIKE} or more: {count}, the most alike {others[0]:.2f}"


def _draw_wave(page: Axes, pitch: float, cells: int, column: int) -> str:
    """The fastest wave, where cells meet it, and the one they take it for; says which."""
    seen, is_upside_down = seen_pitch(pitch, cells)
    top = page.get_ylim()[0] - WAVE
    axes = inset(page, 20, top + 58, WIDTH - 40, WAVE - 72)
    x, met = np.linspace(-1, 1, 1501), np.linspace(-1, 1, cells)
    axes.plot(x, np.cos(np.pi * pitch * x), **FAST)
    if seen < pitch:
        slow = np.cos(np.pi * seen * x) * (-1 if is_upside_down else 1)
        axes.plot(x, slow, **SLOW)
    axes.plot(met, np.cos(np.pi * pitch * met), "o", color=INK, markersize=5)
    axes.plot(met[column], np.cos(np.pi * pitch * met[column]), "P", color=INK, markersize=12)
    axes.set(xlim=(-1.02, 1.02), ylim=(-1.2, 1.2))
    verdict, look = _verdict(pitch, seen, cells)
    write(page, 10, top + 20, verdict, 11, **look)
    write(page, 10, top + 42, _key(seen < pitch), 9)
    return verdict


def _verdict(pitch: float, seen: float, cells: int) -> tuple[str, Mapping[str, object]]:
    most = f"{cells} cells show at most {(cells - 1) / 2:g} waves"
    if seen < pitch:
        told = f"Aliased: {most}; the fastest band has {pitch:.4g} and looks like {seen:.3g}"
        return told, WARNING
    return f"Not aliased: {most}, the fastest band has {pitch:.4g}", BOLD


def _key(is_aliased: bool) -> str:
    dashed = "; dashes: the slower wave that goes through the same dots" if is_aliased else ""
    return f"line: the fastest cosine along x; dots: what the cells see of it{dashed}"


def _tall(dims: int) -> int:
    """Pixels that the lines of tiles take."""
    return 2 * dims * (TILE + GAP) - GAP


def _show(page: Axes, mosaic: Mosaic, left: int) -> Axes:
    canvas = mosaic.canvas
    axes = inset(page, left, HEAD, canvas.shape[1], canvas.shape[0])
    show(axes, canvas, aspect="auto", **LIMITS)
    axes.set_autoscale_on(False)
    return axes


FRAMES = 6


def _along(label: str, least_dims: int, start: int):
    """A knob for an index along an axis, which is 0 where there is no such axis."""

    def knob(settings: Settings) -> Whole:
        last = FRAMES - 1 if label == "frame" else settings["num_cells"] - 1
        high = last if settings["num_dims"] >= least_dims else 0
        return Whole(label, 0, high, min(start, high))

    return knob


KNOBS = {
    "num_dims": Choice("dimensions", (1, 2, 3), 2),
    "num_bands": Whole("bands", 1, 32, 6),
    "max_resolution": Whole("maximum resolution", 2, 64, 40),
    "num_cells": Whole("cells along an axis", 4, 28, 24, step=4),
    "column": _along("column", 1, 15),
    "row": _along("row", 2, 9),
    "frame": _along("frame", 3, 2),
}


def draw(
    num_dims: int,
    num_bands: int,
    max_resolution: int,
    num_cells: int,
    column: int,
    row: int,
    frame: int,
) -> Picture:
    """Bands, similarity and the fastest wave; a film's few frames keep their own resolution."""
    index_dims = (FRAMES, num_cells, num_cells)[-num_dims:]
    resolutions = (FRAMES, max_resolution, max_resolution)[-num_dims:]
    features = fourier_features(grid_positions(index_dims), num_bands, resolutions)
    pitches = torch.stack([torch.linspace(1, most / 2, num_bands) for most in resolutions])
    return draw_fourier(features, index_dims, pitches, (frame, row, column)[-num_dims:])


def fourier() -> Explorer:
    """How a place is written in waves, which places are alike, and what aliasing looks like."""
    hint = (
        "Turn the maximum resolution down until the dashed wave is gone; then turn the bands "
        "down to 2, and count the places that can no longer be told apart."
    )
    return Explorer("Fourier features", draw, KNOBS, hint)
