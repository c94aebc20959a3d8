"""Motion: frames, flow fields on the colour wheel, and how far they are wrong."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn.functional import pad

from ...kit.charts import FRAMES
from ...kit.picture import INK, Picture, box, frame, middle, panels, show, title_above
from ...kit.wheel import flow_colours

WIDE = 8.4


def draw_flow(
    frames: Float[Tensor, "frames=2 3 height width"],
    flows: Mapping[str, Float[Tensor, "height width xy=2"]],
    known: Bool[Tensor, "height width"] | None = None,
) -> Picture:
    """Two frames, the key and one or more flow fields on one scale, with arrows.

    Args:
        frames: the earlier one, then the later one, colours from -1 to 1.
        flows: title -> right and down, in pixels; the first is taken for the truth, and
            its fastest pixel has the strongest colour.
        known: True where the first is known; elsewhere it is grey.
    """
    truth = next(iter(flows.values()))
    known = torch.ones(truth.shape[:2], dtype=torch.bool) if known is None else known
    fastest = truth[known].norm(dim=-1).max().clamp(min=1e-6).item()
    rows, columns = (1, 4) if len(flows) == 1 else (2, max(3, len(flows)))
    figure, grid = _grid(rows, columns, frames.shape[-2:])
    for axes, picture, title in zip(grid[0], frames, ("earlier", "later"), strict=False):
        show(axes, (picture.clamp(-1, 1) + 1) / 2)
        title_above(axes, title)
    _show_wheel(grid[0][2], fastest)
    told = []
    for axes, (title, flow) in zip(
        grid.flat[3 if rows == 1 else columns :], flows.items(), strict=False
    ):
        _show_flow(axes, flow, known if flow is truth else torch.ones_like(known), fastest)
        title_above(axes, title)
        right, down = flow.flatten(0, -2).mean(0).tolist()
        told.append(f"{title}, on average {right:.1f} right and {down:.1f} down")
    size = f"{truth.shape[0]} by {truth.shape[1]} pixels"
    return Picture(figure, f"Two frames of {size} and motion in colours: {'; '.join(told)}.")


def _grid(rows: int, columns: int, size: Sequence[int]):
    """Panels of the pictures' shape."""
    height = WIDE / columns * size[0] / size[1] + 0.3
    return panels(rows, columns, WIDE, rows * height)


def _show_flow(axes: Axes, flow: Tensor, known: Tensor, fastest: float) -> None:
    """Colours, and one arrow for every so many pixels: about ten in a row."""
    colours = flow_colours(flow, fastest)
    colours[~known] = 0.6
    show(axes, colours.clamp(0, 1).numpy())
    step = max(1, round(flow.shape[1] / 10))
    y, x = (torch.arange(step // 2, n, step) for n in flow.shape[:2])
    some = flow[y][:, x].masked_fill(~known[y][:, x, None], torch.nan)
    look = {"angles": "xy", "scale_units": "xy", "color": INK, "width": 0.006, "pivot": "mid"}
    scale = fastest / (0.9 * step)
    axes.quiver(x.numpy(), y.numpy(), *some.movedim(-1, 0).numpy(), scale=scale, **look)


def _show_wheel(axes: Axes, fastest: float) -> None:
    """Draw the key: the colour of every motion up to the fastest, and arrows to tell it by."""
    line = torch.linspace(-1.15, 1.15, 161)
    motion = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1)
    colours = flow_colours(motion * fastest, fastest)
    colours[motion.norm(dim=-1) > 1] = 1
    show(axes, colours.numpy(), (-1.15, 1.15, 1.15, -1.15), interpolation="bilinear")
    look = {"arrowstyle": "-|>", "color": INK, "linewidth": 0.7, "mutation_scale": 7}
    for angle in np.arange(0, 2 * np.pi, np.pi / 4):
        tip = np.array([np.cos(angle), np.sin(angle)])
        axes.annotate("", 0.93 * tip, 0.3 * tip, arrowprops=look)
    title_above(axes, f"where to; the rim: {fastest:.2g} pixels")
    axes.set(xlim=(-1.2, 1.2), ylim=(1.2, -1.2), aspect="equal")


def draw_flow_errors(
    flows: Mapping[str, Float[Tensor, "height width xy=2"]],
    truth: Float[Tensor, "height width xy=2"],
    known: Bool[Tensor, "height width"] | None = None,
) -> Picture:
    """How far each flow field is from the truth, pixel by pixel: the darker, the farther.

    Args:
        flows: title -> right and down, in pixels.
        truth: the same, measured.
        known: True where the truth is known; elsewhere is white.
    """
    known = torch.ones(truth.shape[:2], dtype=torch.bool) if known is None else known
    errors = {title: (flow - truth).norm(dim=-1) for title, flow in flows.items()}
    worst = torch.stack([error[known] for error in errors.values()]).quantile(0.99).item()
    figure, (row,) = _grid(1, len(errors), truth.shape[:2])
    told = []
    for axes, (title, error) in zip(row, errors.items(), strict=True):
        mean = error[known].mean().item()
        image = show(axes, error.masked_fill(~known, torch.nan), cmap="Greys", vmin=0, vmax=worst)
        title_above(axes, f"{title}: {mean:.2f} on average")
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        told.append(f"{title} {mean:.2f}")
    bar = figure.colorbar(image, ax=row, fraction=0.03, shrink=0.8, extend="max")
    bar.set_label("pixels off", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    return Picture(figure, f"End-point errors in pixels, darker is worse: {', '.join(told)}.")


def draw_neighbourhoods(
    frames: Float[Tensor, "frames=2 3 height width"],
    numbers: Float[Tensor, " neighbourhood=54"],
    pixel: tuple[int, int],
) -> Picture:
    """One pixel in two frames: its 3 x 3 neighbours, and the row of numbers they become.

    Args:
        frames: colours from -1 to 1.
        numbers: what the model is given about the pixel.
        pixel: (row, column).
    """
    figure, (above, below) = panels(
        2, 4, 8.4, 3.2, width_ratios=(1.5, 1, 1.5, 1), height_ratios=(3, 1)
    )
    (row, column), marked = pixel, FRAMES[4]["edgecolor"]
    for title, picture, whole, near in zip(
        ("earlier", "later"), (frames.clamp(-1, 1) + 1) / 2, above[::2], above[1::2], strict=True
    ):
        show(whole, picture)
        frame(whole, column - 1.5, row - 1.5, 3, 3, edgecolor=marked)
        title_above(whole, title)
        padded = pad(picture, (1, 1, 1, 1), value=0.5)
        show(near, padded[:, row : row + 3, column : column + 3])
        title_above(near, "3 x 3")
    strip = figure.add_subplot(below[0].get_gridspec()[1, :])
    show(strip, numbers[None], cmap="gray", vmin=-1, vmax=1, aspect="auto")
    strip.axvline(26.5, color=marked, linewidth=2)
    strip.set(yticks=[], xticks=[0, 12, 14, 27, 39, 41, 53])
    strip.tick_params(labelsize=8)
    title_above(strip, "its 54 numbers: 27 of the earlier frame, 27 of the later")
    alt = (
        f"Row {row}, column {column} of two frames, its 3 by 3 neighbours in both, and the 54 "
        f"numbers they become, from {numbers.min():.2f} to {numbers.max():.2f}."
    )
    return Picture(figure, alt)


def draw_tiles(
    size: tuple[int, int],
    tile: tuple[int, int],
    corners: Sequence[tuple[int, int]],
    weights: Float[Tensor, "tile_height tile_width"],
) -> Picture:
    """Where tiles lie on a photograph, and how much each pixel of a tile counts.

    Args:
        size: (height, width) of the photograph.
        tile: (height, width) of a tile.
        corners: (y, x) of each tile, row by row.
        weights: the same for every tile.
    """
    shares = size[1] / size[0], tile[1] / tile[0]
    figure, ((left, right),) = panels(1, 2, 8.4, 3.0, width_ratios=shares)
    box(left, 0, 0, size[1], size[0], facecolor="#EEEEEE", edgecolor=INK)
    for number, (y, x) in enumerate(corners):
        look = FRAMES[number % len(FRAMES)]
        # A little inside, so that outlines of neighbours stay apart.
        inset = (0.004 + 0.006 * (number % 3)) * size[1]
        frame(left, x + inset, y + inset, tile[1] - 2 * inset, tile[0] - 2 * inset, **look)
        ground = {"facecolor": "white", "edgecolor": look["edgecolor"], "pad": 2}
        down = tile[0] * (0.35 if y == 0 else 0.65)
        middle(left, x + tile[1] / 2, y + down, str(number), 11, bbox=ground)
    margin = 0.02 * size[1]
    left.set(xlim=(-margin, size[1] + margin), ylim=(size[0] + margin, -margin), aspect="equal")
    title_above(left, f"{len(corners)} tiles on {size[0]} x {size[1]} pixels")
    shown = show(right, weights, vmin=0)
    title_above(right, f"what a pixel of a tile counts, {tile[0]} x {tile[1]}")
    figure.colorbar(shown, ax=right, shrink=0.8).ax.tick_params(labelsize=8)
    listed = ", ".join(f"({y}, {x})" for y, x in corners)
    alt = (
        f"{len(corners)} tiles of {tile[0]} by {tile[1]} on {size[0]} by {size[1]} pixels, from "
        f"row and column {listed}; a tile's pixels count from {weights.min():.0f} at the border to "
        f"{weights.max():.0f} in the middle."
    )
    return Picture(figure, alt)
