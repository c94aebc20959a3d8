"""Motion: frames, flow fields on the colour wheel, and how far they are wrong."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from ..doors import checked
from .picture import INK, Picture
from .wheel import flow_colours, show_wheel

WIDE = 8.4


@checked
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


@checked
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
