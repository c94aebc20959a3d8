"""Positions: bands in a table, slices, samples, and how alike several codes are."""

from collections.abc import Callable, Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from ...kit.picture import INK, Picture, open_frame
from ...kit.position_pictures import LOOK, STYLES
from ...kit.token_pictures import cosine_similarity


def draw_code(features: Float[Tensor, "cells channels"], num_bands: int) -> Picture:
    """All places of one axis as a table: a column for each place, a row for each channel.

    Args:
        features: the raw coordinate, then sines, then cosines.
        num_bands: how many sines there are.
    """
    cells, channels = features.shape
    figure = Figure(figsize=(7.5, 0.7 + 0.2 * channels), layout="constrained")
    axes = figure.add_subplot()
    shown = axes.imshow(features.T.numpy(), aspect="auto", **LOOK)
    for edge in (0.5, num_bands + 0.5):
        axes.axhline(edge, color="white", linewidth=3)
    groups = {"raw": 0, "sines": (num_bands + 1) / 2, "cosines": num_bands + (num_bands + 1) / 2}
    axes.set_yticks(list(groups.values()), list(groups), fontsize=9, color=INK)
    axes.set_xlabel("place, from first to last", fontsize=9, color=INK)
    axes.tick_params(length=0)
    figure.colorbar(shown, ax=axes, pad=0.01)
    alt = (
        f"{cells} places on a line, each a column of {channels} channels: the raw coordinate, "
        f"{num_bands} sines and {num_bands} cosines, from slow to fast."
    )
    return Picture(figure, alt)


def draw_band_table(
    features: Float[Tensor, "cells channels"],
    index_dims: tuple[int, ...],
    names: Sequence[str] = ("y", "x"),
) -> Picture:
    """Every channel of a small code of a grid as a picture, in the order of the channels.

    The first line shows the raw coordinates; each axis then has a line of sines, and
    after them a line of cosines. Of a grid with three axes the middle slice is shown.

    Args:
        features: one row for each cell, as `fourier_features` orders its channels.
        index_dims: cells along each axis, two or three.
        names: of the axes.
    """
    dims = len(index_dims)
    num_bands = (features.shape[1] // dims - 1) // 2
    raw, sines, cosines = features.split([dims, dims * num_bands, dims * num_bands], dim=1)
    lines = {"raw": raw}
    for kind, waves in (("sin", sines), ("cos", cosines)):
        pieces = zip(names, waves.split(num_bands, dim=1), strict=True)
        lines |= {f"{kind} {name}": piece for name, piece in pieces}
    widest = max(num_bands, dims)
    size = (1.0 + 1.05 * widest, 0.2 + 1.05 * len(lines))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(lines), widest, squeeze=False)
    for row, (title, piece) in zip(grid, lines.items(), strict=True):
        for number, axes in enumerate(row):
            axes.set_axis_off()
            if number < piece.shape[1]:
                axes.imshow(_slice(piece[:, number], index_dims), **LOOK)
        style = {"ha": "right", "va": "center", "fontsize": 9, "color": INK}
        row[0].text(-0.12, 0.5, title, transform=row[0].transAxes, **style)
    told = ", ".join(f"{title} {piece.shape[1]}" for title, piece in lines.items())
    over = " by ".join(map(str, index_dims))
    return Picture(figure, f"Channels of a code over {over} cells, line by line: {told}.")


def _slice(channel: Tensor, index_dims: tuple[int, ...]):
    volume = channel.reshape(index_dims)
    return (volume[len(volume) // 2] if volume.ndim == 3 else volume).numpy()


def draw_slices(
    channels: Mapping[str, Float[Tensor, " cells"]], index_dims: tuple[int, int, int]
) -> Picture:
    """Channels over the cells of a video: a line for each, a picture for each frame.

    Args:
        channels: title -> one number for each cell.
        index_dims: (frames, rows, columns).
    """
    frames = index_dims[0]
    size = (1.2 + 1.1 * frames, 0.3 + 1.1 * len(channels))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(channels), frames, squeeze=False)
    for line, (row, (title, channel)) in enumerate(zip(grid, channels.items(), strict=True)):
        for frame, (axes, image) in enumerate(zip(row, channel.reshape(index_dims), strict=True)):
            axes.set_axis_off()
            axes.imshow(image.numpy(), **LOOK)
            if line == 0:
                axes.set_title(f"frame {frame}", fontsize=9, color=INK)
        style = {"ha": "right", "va": "center", "fontsize": 9, "color": INK}
        row[0].text(-0.12, 0.5, title, transform=row[0].transAxes, **style)
    over = f"{frames} frames of {index_dims[1]} by {index_dims[2]} cells"
    return Picture(figure, f"{', '.join(channels)} over {over}, frame by frame.")


def draw_similarities(
    codes: Mapping[str, Float[Tensor, "cells _"]],
    index_dims: tuple[int, int],
    cell: tuple[int, int],
) -> Picture:
    """How alike one place and all others are, in several ways of writing places.

    Args:
        codes: title -> one row for each cell.
        index_dims: (rows, columns) of the grid.
        cell: (row, column) of the place to compare with.
    """
    figure = Figure(figsize=(0.6 + 2.2 * len(codes), 2.5), layout="constrained")
    row = figure.subplots(1, len(codes), squeeze=False)[0]
    for axes, (title, code) in zip(row, codes.items(), strict=True):
        here = code[cell[0] * index_dims[1] + cell[1]]
        alike = cosine_similarity(code.detach(), here.detach()[None]).reshape(index_dims)
        shown = axes.imshow(alike.numpy(), **LOOK)
        axes.plot(cell[1], cell[0], marker="+", color="white", markersize=9)
        axes.set_title(title, fontsize=9, color=INK)
        axes.set_axis_off()
    figure.colorbar(shown, ax=row, shrink=0.85, label="cosine")
    place = f"row {cell[0]}, column {cell[1]} of {index_dims[0]} by {index_dims[1]} cells"
    return Picture(figure, f"How alike {place} and all others are, written as {', '.join(codes)}.")


def draw_sampled(
    waves: Mapping[str, Callable[[Tensor], Tensor]], cells: Float[Tensor, " cells"], title: str
) -> Picture:
    """One or two waves as lines, and dots where the cells of a grid stand on the first.

    Args:
        waves: name -> function of the coordinate.
        cells: coordinates of the cells.
        title: above the waves.
    """
    figure = Figure(figsize=(8.0, 2.3), layout="constrained")
    axes = figure.add_subplot()
    x = torch.linspace(float(cells.min()), float(cells.max()), 1001)
    for (name, wave), style in zip(waves.items(), STYLES, strict=False):
        axes.plot(x.numpy(), wave(x).numpy(), label=name, **style)
    first = next(iter(waves.values()))
    axes.plot(cells.numpy(), first(cells).numpy(), "o", color=INK, markersize=5, label="cells")
    axes.set_title(title, fontsize=10, color=INK)
    axes.set(xlabel="coordinate", ylim=(-1.25, 1.25))
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    open_frame(axes)
    return Picture(figure, f"{title}: {' and '.join(waves)}, seen at {len(cells)} cells.")
