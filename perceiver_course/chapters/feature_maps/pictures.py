"""The one direction of a feature map that is drawn, and what every pixel was taken for."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch
from torch import Tensor

from ...kit.axes import AXES
from ...kit.images import as_shown
from ...kit.picture import Picture, legend_below, panels, show, title_beside

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
    count, side = len(images), min(1.5, 8.0 / len(images))
    tall = side * images.shape[-2] / images.shape[-1]
    figure, grid = panels(1 + len(rows), count, side * count + 0.9, tall * (1 + len(rows)) + 0.4)
    for axes, image in zip(grid[0], images, strict=True):
        show(axes, as_shown(image))
    colours = ListedColormap(KINDS[: len(classes)])
    norm = BoundaryNorm([n - 0.5 for n in range(len(classes) + 1)], len(classes))
    for row, labels in zip(grid[1:], rows.values(), strict=True):
        for axes, one in zip(row, labels, strict=True):
            show(axes, one, cmap=colours, norm=norm)
    for row, name in zip(grid, ("picture", *rows), strict=True):
        title_beside(row[0], name)
    legend_below(figure, [Patch(color=c, label=n) for c, n in zip(KINDS, classes, strict=False)])
    truth, *_ = rows.values()
    right = [f"{name} {(some == truth).float().mean():.0%}" for name, some in rows.items()]
    alt = f"{len(images)} pictures and the class of every pixel: {', '.join(classes)}."
    return Picture(figure, f"{alt} Pixels as in the first row: {', '.join(right)}.")
