"""Masked pre-training: what is hidden, what is rebuilt, and how much labels are worth."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from perceiver_tutorial.masks import spread

from ...kit.axes import AXES
from ...kit.images import as_shown
from ...kit.picture import INK, Picture, open_frame

HIDDEN = {"facecolor": "#BBBBBB", "edgecolor": "white", "linewidth": 0.6, "hatch": "////"}
LEFT, WIDEST = 0.16, 9.2


def draw_masks(
    pictures: Float[Tensor, "pictures colours height width"],
    masks: Mapping[str, Bool[Tensor, "pictures rows columns"]],
) -> Picture:
    """The same pictures, or the frames of a video, under several masks, one row for each.

    Args:
        pictures: one to three colours, any range.
        masks: title -> True for mask units that are seen.
    """
    figure, rows = _rows(list(masks), pictures)
    for row, mask in zip(rows, masks.values(), strict=True):
        for axes, picture, seen in zip(row, pictures, mask, strict=True):
            axes.imshow(as_shown(picture), cmap="gray", interpolation="nearest")
            _hide(axes, ~seen, tuple(picture.shape[-2:]))
    told = (f"{title}, {int(mask[0].sum())} of {mask[0].numel()}" for title, mask in masks.items())
    return Picture(
        figure, f"{len(pictures)} pictures, mask units that are seen: {'; '.join(told)}."
    )


def draw_rebuilt(
    pictures: Float[Tensor, "pictures colours height width"],
    mask: Bool[Tensor, "pictures rows columns"],
    rebuilt: Mapping[str, Float[Tensor, "pictures colours height width"]],
) -> Picture:
    """Pictures, what is seen of them, and what was rebuilt from that, all on one scale.

    Args:
        pictures: the truth, any range.
        mask: True for mask units that are seen.
        rebuilt: title -> pictures; numbers outside the range of the truth are cut off.
    """
    low, high = pictures.min(), pictures.max()
    figure, rows = _rows(["the picture", "what is seen", *rebuilt], pictures)
    drawn = [pictures, pictures, *rebuilt.values()]
    for number, (row, some) in enumerate(zip(rows, drawn, strict=True)):
        for axes, picture, seen in zip(row, some, mask, strict=True):
            shown = ((picture - low) / (high - low)).clamp(0, 1).movedim(0, -1).squeeze(-1)
            axes.imshow(shown.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if number == 1:
                _hide(axes, ~seen, tuple(picture.shape[-2:]))
    errors = (f"{title} {_error(pictures, mask, made):.2f}" for title, made in rebuilt.items())
    told = f"{len(pictures)} pictures, seen through {int(mask[0].sum())} of {mask[0].numel()} units"
    return Picture(
        figure, f"{told}; mean squared error where they are hidden: {', '.join(errors)}."
    )


def _rows(titles: list[str], pictures: Tensor) -> tuple[Figure, list[list[Axes]]]:
    """A row of empty squares for each title, which stands on the left."""
    count = len(pictures)
    cell = min(1.0, (1 - LEFT) * WIDEST / count)
    width = cell * count / (1 - LEFT)
    tall = cell * pictures.shape[-2] / pictures.shape[-1]
    figure = Figure(figsize=(width, tall * len(titles)))
    across, down, rows = (1 - LEFT) / count, 1 / len(titles), []
    for number, title in enumerate(titles):
        low = 1 - (number + 1) * down
        places = [(LEFT + n * across, low, 0.95 * across, 0.95 * down) for n in range(count)]
        rows.append([figure.add_axes(place) for place in places])
        for axes in rows[-1]:
            axes.set_axis_off()
        middle = low + 0.475 * down
        figure.text(LEFT - 0.01, middle, title, ha="right", va="center", fontsize=9, color=INK)
    return figure, rows


def _hide(axes: Axes, hidden: Bool[Tensor, "rows columns"], size: tuple[int, int]) -> None:
    height, width = size[0] / hidden.shape[0], size[1] / hidden.shape[1]
    for y, x in hidden.nonzero().tolist():
        corner = (x * width - 0.5, y * height - 0.5)
        axes.add_patch(Rectangle(corner, width, height, **HIDDEN))


def _error(pictures: Tensor, mask: Tensor, made: Tensor) -> float:
    """Mean squared error over the hidden pixels."""
    units = tuple(mask.shape[1:])
    sizes = pictures.shape[-2] // units[0], pictures.shape[-1] // units[1]
    hidden = spread(~mask.flatten(1), units, sizes)[:, None].expand_as(pictures)
    return float((made - pictures)[hidden].square().mean())


def draw_seed_scores(scores: Mapping[str, Sequence[float]], title: str) -> Picture:
    """A line for each way to train: a dot for every seed, a bar for mean ± standard deviation.

    Args:
        scores: way -> one score for each of two or more seeds.
        title: what the scores are.
    """
    figure = Figure(figsize=(7.4, 0.9 + 0.42 * len(scores)), layout="constrained")
    axes = figure.add_subplot()
    told = []
    for row, (name, some) in enumerate(scores.items()):
        middle, spread = mean(some), stdev(some)
        bar = {"color": AXES["latents"].colour, "linewidth": 2, "capsize": 5}
        axes.errorbar(middle, row, xerr=spread, fmt="|", markersize=16, **bar)
        axes.plot(some, [row] * len(some), "o", color=AXES["inputs"].colour, ms=5, alpha=0.8)
        told.append(f"{name} {middle:.3f} ± {spread:.3f}")
        label = f"{middle:.3f} ± {spread:.3f}"
        axes.annotate(
            label, (1.01, row), xycoords=("axes fraction", "data"), fontsize=9, va="center"
        )
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.margins(y=0.18)
    axes.set_xlabel(title)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    axes.tick_params(colors=INK, labelsize=9)
    open_frame(axes)
    count = len(next(iter(scores.values())))
    return Picture(
        figure, f"{title}, mean ± standard deviation of {count} seeds: {'; '.join(told)}."
    )
