"""Motion: frames, flow fields on the colour wheel, and how far they are wrong."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from ...kit.charts import COLOURS, DASHES, FRAME_COLOURS, FRAME_DASHES, MARKERS
from ...kit.picture import INK, Picture, open_frame
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
    for axes, frame, title in zip(grid[0], frames, ("earlier", "later"), strict=False):
        axes.imshow((frame.clamp(-1, 1).movedim(0, -1).numpy() + 1) / 2, interpolation="nearest")
        axes.set_title(title, fontsize=9, color=INK)
    show_wheel(grid[0][2], fastest)
    below = grid[0][3:] if len(flows) == 1 else grid[1]
    for axes, (title, flow) in zip(below, flows.items(), strict=False):
        where = known if flow is truth else torch.ones_like(known)
        _show(axes, flow, where, fastest)
        axes.set_title(title, fontsize=9, color=INK)
    told = "; ".join(f"{title}, {_mean(flow)}" for title, flow in flows.items())
    size = f"{truth.shape[0]} by {truth.shape[1]} pixels"
    return Picture(figure, f"Two frames of {size} and motion in colours: {told}.")


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
    figure, grid = _grid(1, len(errors), truth.shape[:2])
    told = []
    for axes, (title, error) in zip(grid[0], errors.items(), strict=True):
        mean = error[known].mean().item()
        shown = error.masked_fill(~known, torch.nan).numpy()
        image = axes.imshow(shown, cmap="Greys", vmin=0, vmax=worst, interpolation="nearest")
        axes.set_title(f"{title}: {mean:.2f} on average", fontsize=9, color=INK)
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        told.append(f"{title} {mean:.2f}")
    bar = figure.colorbar(image, ax=grid[0], fraction=0.03, shrink=0.8, extend="max")
    bar.set_label("pixels off", fontsize=8)
    bar.ax.tick_params(labelsize=8)
    return Picture(figure, f"End-point errors in pixels, darker is worse: {', '.join(told)}.")


def _grid(rows: int, columns: int, size: tuple[int, int]) -> tuple[Figure, list[list[Axes]]]:
    """Panels of the pictures' shape, without frames."""
    height = WIDE / columns * size[0] / size[1] + 0.3
    figure = Figure(figsize=(WIDE, rows * height), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    return figure, [list(row) for row in grid]


def _show(axes: Axes, flow: Tensor, known: Tensor, fastest: float) -> None:
    """Colours, and one arrow for every so many pixels: about ten in a row."""
    colours = flow_colours(flow, fastest)
    colours[~known] = 0.6
    axes.imshow(colours.clamp(0, 1).numpy(), interpolation="nearest")
    step = max(1, round(flow.shape[1] / 10))
    y, x = (torch.arange(step // 2, n, step) for n in flow.shape[:2])
    some = flow[y][:, x].masked_fill(~known[y][:, x, None], torch.nan)
    look = {"angles": "xy", "scale_units": "xy", "color": INK, "width": 0.006, "pivot": "mid"}
    axes.quiver(
        x.numpy(), y.numpy(), *some.movedim(-1, 0).numpy(), scale=fastest / (0.9 * step), **look
    )


def _mean(flow: Tensor) -> str:
    right, down = flow.flatten(0, -2).mean(0).tolist()
    return f"on average {right:.1f} right and {down:.1f} down"


def draw_errors_by_speed(
    speeds: Float[Tensor, " speeds"],
    errors: Mapping[str, Float[Tensor, " speeds"]],
    learned_to: float,
) -> Picture:
    """A curve of mean errors for each method, and a band for the speeds that were learned from.

    Args:
        speeds: of the true motion, in pixels.
        errors: method -> mean end-point error at each speed, in pixels.
        learned_to: the fastest motion in the training, in pixels.
    """
    figure = Figure(figsize=(6.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    axes.axvspan(0, learned_to, color="#EEEEEE", linewidth=0)
    axes.text(learned_to / 2, 0.97, "learned from", ha="center", va="top", fontsize=8, color=INK,
              transform=axes.get_xaxis_transform())  # fmt: skip
    for number, (name, error) in enumerate(errors.items()):
        look = {"color": COLOURS[number % 4], "linestyle": DASHES[number % 4]}
        axes.plot(speeds.numpy(), error.numpy(), marker=MARKERS[number % 4], label=name, **look)
    axes.set(
        xlabel="true motion, in pixels", ylabel="end-point error", ylim=(0, None), xlim=(0, None)
    )
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(0, 0.9))
    open_frame(axes)
    ends = "; ".join(f"{n} from {e[0]:.1f} to {e[-1]:.1f}" for n, e in errors.items())
    told = f"motion of {speeds[0]:.1f} to {speeds[-1]:.1f} pixels, learned up to {learned_to:.1f}"
    return Picture(figure, f"End-point errors over {told}: {ends}.")


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
    figure = Figure(figsize=(8.4, 3.2), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(3, 1))
    row, column = pixel
    panels = top.subplots(1, 4, width_ratios=(1.5, 1, 1.5, 1))
    for frame, title, both in zip(
        frames, ("earlier", "later"), (panels[:2], panels[2:]), strict=True
    ):
        _neighbourhood(list(both), (frame.clamp(-1, 1).movedim(0, -1).numpy() + 1) / 2, pixel)
        both[0].set_title(title, fontsize=9, color=INK)
    strip = bottom.subplots()
    strip.imshow(numbers[None].numpy(), cmap="gray", vmin=-1, vmax=1, aspect="auto")
    strip.axvline(26.5, color=FRAME_COLOURS[4], linewidth=2)
    strip.set(yticks=[], xticks=[0, 12, 14, 27, 39, 41, 53])
    strip.tick_params(labelsize=8)
    title = "its 54 numbers: 27 of the earlier frame, 27 of the later"
    strip.set_title(title, fontsize=9, color=INK)
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
    figure = Figure(figsize=(8.4, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(size[1] / size[0], tile[1] / tile[0]))
    left.add_patch(Rectangle((0, 0), size[1], size[0], facecolor="#EEEEEE", edgecolor=INK))
    for number, corner in enumerate(corners):
        _tile(left, number, corner, tile, size)
    margin = 0.02 * size[1]
    left.set(xlim=(-margin, size[1] + margin), ylim=(size[0] + margin, -margin), aspect="equal")
    left.set_axis_off()
    left.set_title(f"{len(corners)} tiles on {size[0]} x {size[1]} pixels", fontsize=9, color=INK)
    shown = right.imshow(weights.numpy(), cmap="cividis", vmin=0)
    right.set_axis_off()
    right.set_title(f"what a pixel of a tile counts, {tile[0]} x {tile[1]}", fontsize=9, color=INK)
    figure.colorbar(shown, ax=right, shrink=0.8).ax.tick_params(labelsize=8)
    listed = ", ".join(f"({y}, {x})" for y, x in corners)
    alt = (
        f"{len(corners)} tiles of {tile[0]} by {tile[1]} on {size[0]} by {size[1]} pixels, from "
        f"row and column {listed}; a tile's pixels count from {weights.min():.0f} at the border to "
        f"{weights.max():.0f} in the middle."
    )
    return Picture(figure, alt)


def _neighbourhood(panels: Sequence[Axes], frame: np.ndarray, pixel: tuple[int, int]) -> None:
    """A frame with a box around a pixel's neighbours, and what is in the box."""
    (whole, near), (row, column) = panels, pixel
    whole.imshow(frame, interpolation="nearest")
    box = Rectangle(
        (column - 1.5, row - 1.5), 3, 3, fill=False, edgecolor=FRAME_COLOURS[4], linewidth=2
    )
    whole.add_patch(box)
    whole.set_axis_off()
    padded = np.pad(frame, ((1, 1), (1, 1), (0, 0)), constant_values=0.5)
    near.imshow(padded[row : row + 3, column : column + 3], interpolation="nearest")
    near.set(xticks=[], yticks=[])
    near.set_title("3 x 3", fontsize=9, color=INK)


def _tile(axes: Axes, number: int, corner: tuple, tile: tuple, size: tuple) -> None:
    """An outline, drawn a little inside, so that outlines of neighbours stay apart."""
    inset = (0.004 + 0.006 * (number % 3)) * size[1]
    (y, x), (height, width) = corner, tile
    look = {
        "edgecolor": FRAME_COLOURS[number % 5],
        "linestyle": FRAME_DASHES[number % 5],
        "linewidth": 2,
    }
    axes.add_patch(
        Rectangle((x + inset, y + inset), width - 2 * inset, height - 2 * inset, fill=False, **look)
    )
    place = (x + width / 2, y + height * (0.35 if y == 0 else 0.65))
    ground = {"facecolor": "white", "edgecolor": FRAME_COLOURS[number % 5], "pad": 2}
    axes.text(*place, str(number), ha="center", va="center", fontsize=11, color=INK, bbox=ground)


def show_wheel(axes: Axes, fastest: float) -> None:
    """Draw the key: the colour of every motion up to the fastest, and arrows to tell it by."""
    line = torch.linspace(-1.15, 1.15, 161)
    motion = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1)
    colours = flow_colours(motion * fastest, fastest)
    colours[motion.norm(dim=-1) > 1] = 1
    axes.imshow(colours.numpy(), extent=(-1.15, 1.15, 1.15, -1.15), interpolation="bilinear")
    for angle in np.arange(0, 2 * np.pi, np.pi / 4):
        tip = np.cos(angle), np.sin(angle)
        look = {"arrowstyle": "-|>", "color": INK, "linewidth": 0.7, "mutation_scale": 7}
        axes.annotate("", (0.93 * tip[0], 0.93 * tip[1]), (0.3 * tip[0], 0.3 * tip[1]),
                      arrowprops=look)  # fmt: skip
    axes.set_title(f"where to; the rim: {fastest:.2g} pixels", fontsize=9, color=INK)
    axes.set(xlim=(-1.2, 1.2), ylim=(1.2, -1.2), aspect="equal")
    axes.set_axis_off()
