"""Feature maps as pictures, and what every pixel was taken for."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from ...kit.axes import AXES
from ...kit.images import as_shown
from ...kit.picture import INK, Picture

# From dark to light, so that they differ in grey, too.
KINDS = ("#222222", *(AXES[n].colour for n in ("latents", "queries", "inputs", "heads")))


def strongest(maps: Float[Tensor, "maps channels *grid"]) -> Float[Tensor, "maps *grid"]:
    """Of all channels the one mixture in which the maps vary most: their first principal direction.

    Args:
        maps: all of them count together, so that they can be compared.

    Returns:
        One number for each token; most tokens lie below the mean, few far above it.
    """
    tokens = maps.movedim(1, -1)
    centred = (tokens - tokens.flatten(0, -2).mean(0)).flatten(0, -2)
    *_, directions = torch.linalg.svd(centred, full_matrices=False)
    along = centred @ directions[0]
    return (along * along.pow(3).sum().sign()).view(tokens.shape[:-1])


def draw_maps(rows: Mapping[str, Sequence[Float[Tensor, "*_"]]], titles: Sequence[str]) -> Picture:
    """Maps and pictures in rows, each from its smallest number, dark, to its largest, light.

    Args:
        rows: name -> [height, width] or, as colours, [3, height, width]; sizes may differ.
        titles: above the panels of the first row.
    """
    columns = max(len(row) for row in rows.values())
    side = min(1.9, 8.6 / columns)
    figure, grid = _panels(len(rows), columns, side, _tallest(rows))
    for panels, (name, row) in zip(grid, rows.items(), strict=True):
        for axes, one in zip(panels, row, strict=False):
            image = as_shown(one) if one.ndim == 3 else one.numpy()
            axes.imshow(image, cmap="cividis", interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.set_axis_on()
        panels[0].set_ylabel(name, fontsize=9, color=INK)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9, color=INK)
    told = "; ".join(f"{name}, {_sizes(row)}" for name, row in rows.items())
    return Picture(figure, f"Maps in rows, from dark to light: {told}.")


def draw_segments(
    images: Float[Tensor, "images 3 height width"],
    rows: Mapping[str, Int[Tensor, "images height width"]],
    classes: Sequence[str],
) -> Picture:
    """Pictures, and below each of them what every pixel is or was taken for, in colours.

    Args:
        images: any range.
        rows: name -> the class of every pixel of every image; the first one is the truth.
        classes: names, at most five.
    """
    tall = images.shape[-2] / images.shape[-1]
    figure, grid = _panels(1 + len(rows), len(images), min(1.5, 8.0 / len(images)), tall)
    for axes, image in zip(grid[0], images, strict=True):
        axes.imshow(as_shown(image), interpolation="nearest")
    colours = ListedColormap(KINDS[: len(classes)])
    norm = BoundaryNorm([n - 0.5 for n in range(len(classes) + 1)], len(classes))
    for panels, labels in zip(grid[1:], rows.values(), strict=True):
        for axes, one in zip(panels, labels, strict=True):
            axes.imshow(one.numpy(), cmap=colours, norm=norm, interpolation="nearest")
    for panels, name in zip(grid, ("picture", *rows), strict=True):
        panels[0].set_ylabel(name, fontsize=9, color=INK)
        for axes in panels:
            axes.set(xticks=[], yticks=[])
            axes.set_axis_on()
    handles = [Patch(color=c, label=n) for c, n in zip(KINDS, classes, strict=False)]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=len(classes), frameon=False, fontsize=9
    )
    truth, *_ = rows.values()
    right = [f"{name} {(some == truth).float().mean():.0%}" for name, some in rows.items()]
    alt = f"{len(images)} pictures and the class of every pixel: {', '.join(classes)}."
    return Picture(figure, f"{alt} Pixels as in the first row: {', '.join(right)}.")


def _panels(rows: int, columns: int, side: float, tall: float) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(figsize=(side * columns + 0.5, side * tall * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).tolist()
    for axes in (axes for row in grid for axes in row):
        axes.set_axis_off()
    return figure, grid


def _tallest(rows: Mapping[str, Sequence[Tensor]]) -> float:
    return max(one.shape[-2] / one.shape[-1] for row in rows.values() for one in row)


def _sizes(row: Sequence[Tensor]) -> str:
    sizes = [f"{one.shape[-2]} by {one.shape[-1]}" for one in row]
    alike = len(sizes) > 1 and len(set(sizes)) == 1
    return f"{len(sizes)} of {sizes[0]}" if alike else ", ".join(sizes)
