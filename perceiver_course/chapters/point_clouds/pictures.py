"""Clouds of points seen from a little above: the nearer a point, the larger and darker."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor

from ...kit.axes import AXES
from ...kit.picture import INK, Picture, panels, title_above

FAR_TO_NEAR = LinearSegmentedColormap.from_list("near", ["#B9D9EE", AXES["latents"].colour, INK])
READ = LinearSegmentedColormap.from_list("read", ["#DDDDDD", AXES["inputs"].colour, "#7A3B00"])
AROUND, ABOVE = math.radians(-60), math.radians(22)


def draw_clouds(
    clouds: Sequence[Float[Tensor, "_ xyz=3"]] | Float[Tensor, "clouds points xyz=3"],
    titles: Sequence[str],
    columns: int = 7,
) -> Picture:
    """Clouds in rows, each under its title, all in the unit ball and seen from one side.

    Args:
        clouds: any number of points in each; z points upwards.
        titles: one for each.
        columns: clouds in a row.
    """
    figure, grid = _grid(len(clouds), columns, titles)
    for axes, cloud in zip(grid, clouds, strict=True):
        across, up, near = _seen(cloud).T
        axes.scatter(across, up, s=3 + 9 * near, c=near, cmap=FAR_TO_NEAR, vmin=0, vmax=1, lw=0)
    sizes = sorted({len(cloud) for cloud in clouds})
    count = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    plural = "clouds" if len(clouds) > 1 else "cloud"
    return Picture(figure, f"{len(clouds)} {plural} of {count} points: {', '.join(titles)}.")


def draw_cloud_attention(
    cloud: Float[Tensor, "points xyz=3"],
    weights: Float[Tensor, "maps points"],
    titles: Sequence[str],
) -> Picture:
    """One cloud again and again: the more a point is read, the larger and darker it is.

    Every map is shown from zero to its own largest weight.

    Args:
        cloud: what was read.
        weights: attention weights over its points.
        titles: one for each map.
    """
    figure, grid = _grid(len(weights), 6, titles)
    for axes, weight in zip(grid, weights, strict=True):
        order = weight.argsort(stable=True)
        across, up, _ = _seen(cloud, order).T
        share = (weight / weight.max())[order].numpy()
        axes.scatter(across, up, s=5 + 40 * share, c=share, cmap=READ, vmin=0, vmax=1, lw=0)
    shares = [f"{float(w.topk(8).values.sum() / w.sum()):.0%}" for w in weights]
    listed = ", ".join(
        f"{title} gives its 8 favourite points {share}"
        for title, share in zip(titles, shares, strict=True)
    )
    return Picture(figure, f"A cloud of {len(cloud)} points and who reads which: {listed}.")


def draw_cloud_channels(
    cloud: Float[Tensor, "points xyz=3"],
    values: Float[Tensor, "channels points"],
    titles: Sequence[str],
) -> Picture:
    """One cloud again and again, its points shaded by a number each: low dark, high bright.

    Args:
        cloud: where the points are.
        values: a number for each point; every channel from its lowest to its highest.
        titles: one for each channel.
    """
    figure, grid = _grid(len(values), 7, titles)
    across, up, near = _seen(cloud).T
    order = _from_far(cloud)
    for axes, value in zip(grid, values, strict=True):
        shade = value[order].numpy()
        axes.scatter(across, up, s=5 + 15 * near, c=shade, cmap="cividis", lw=0)
    return Picture(figure, f"A cloud of {len(cloud)} points, shaded by: {', '.join(titles)}.")


def _grid(count: int, columns: int, titles: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """A square for each cloud under its title, without a frame, as wide as the unit ball."""
    columns = min(columns, count)
    rows = -(-count // columns)
    side = min(1.9, 9.45 / max(columns, 5))
    figure, grid = panels(rows, columns, side * columns, (side + 0.2) * rows)
    for axes in grid.flat:
        axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
    for axes, title in zip(grid.flat, titles, strict=False):
        title_above(axes, title)
    return figure, grid.flat[:count].tolist()


def _seen(
    cloud: Float[Tensor, "points xyz=3"], order: Int[Tensor, " points"] | None = None
) -> Float[np.ndarray, "points 3"]:
    """Places on the paper, and nearness from 0 to 1; what comes last is drawn on top."""
    x, y, z = cloud.double().unbind(-1)
    across = math.cos(AROUND) * x + math.sin(AROUND) * y
    up = math.cos(ABOVE) * z + math.sin(ABOVE) * _away(cloud)
    near = (1 - _distance(cloud)).clamp(0, 2) / 2
    seen = torch.stack([across, up, near], dim=-1)
    return seen[_from_far(cloud) if order is None else order].numpy()


def _from_far(cloud: Float[Tensor, "points xyz=3"]) -> Int[Tensor, " points"]:
    return _distance(cloud).argsort(descending=True, stable=True)


def _distance(cloud: Float[Tensor, "points xyz=3"]) -> Float[Tensor, " points"]:
    """How far behind the middle a point lies, for an eye a little above."""
    return math.cos(ABOVE) * _away(cloud) - math.sin(ABOVE) * cloud[:, 2].double()


def _away(cloud: Float[Tensor, "points xyz=3"]) -> Float[Tensor, " points"]:
    x, y, _ = cloud.double().unbind(-1)
    return math.cos(AROUND) * y - math.sin(AROUND) * x
