"""Position encodings drawn: one axis as a table, and every channel over a grid."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from ...kit.images import draw_maps
from ...kit.picture import INK, Picture, panels, show


def draw_code(features: Float[Tensor, "cells channels"], num_bands: int) -> Picture:
    """All positions of one axis as a table: a column for each, a row for each channel.

    Args:
        features: the raw coordinate, then sines, then cosines.
        num_bands: how many sines there are.
    """
    cells, channels = features.shape
    figure, ((axes,),) = panels(1, 1, 7.5, 0.7 + 0.2 * channels, has_frames=True)
    shown = show(axes, features.T, aspect="auto", vmin=-1, vmax=1)
    for edge in (0.5, num_bands + 0.5):
        axes.axhline(edge, color="white", linewidth=3)
    groups = {"raw": 0, "sines": (num_bands + 1) / 2, "cosines": num_bands + (num_bands + 1) / 2}
    axes.set_yticks(list(groups.values()), list(groups), fontsize=9, color=INK)
    axes.set_xlabel("position, from first to last", fontsize=9, color=INK)
    axes.tick_params(length=0)
    figure.colorbar(shown, ax=axes, pad=0.01)
    alt = (
        f"{cells} positions on a line, each a column of {channels} channels: the raw coordinate, "
        f"{num_bands} sines and {num_bands} cosines, from low to high frequency."
    )
    return Picture(figure, alt)


def draw_band_table(
    features: Float[Tensor, "cells channels"],
    index_dims: tuple[int, ...],
    names: Sequence[str] = ("y", "x"),
) -> Picture:
    """Every channel of a small encoding of a grid as a picture, in the order of the channels.

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
    middle = index_dims[0] // 2 if dims == 3 else slice(None)
    maps = {
        title: [channel.reshape(index_dims)[middle] for channel in piece.T]
        for title, piece in lines.items()
    }
    told = ", ".join(f"{title} {piece.shape[1]}" for title, piece in lines.items())
    over = " by ".join(map(str, index_dims))
    figure = draw_maps(maps, limits=(-1, 1)).figure
    return Picture(figure, f"Channels of an encoding over {over} cells, line by line: {told}.")
