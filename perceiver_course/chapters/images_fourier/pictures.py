"""Photographs at one scale, the rows that are read, and how alike places are."""

from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from ...kit.images import as_shown
from ...kit.picture import INK, Picture, ink_on, strip
from ...kit.token_pictures import cosine_similarity


def draw_similarity(
    features: Float[Tensor, "cells channels"], index_dims: tuple[int, int], cell: tuple[int, int]
) -> Picture:
    """How alike one place and all others are written: the cosine of their rows.

    Args:
        features: one row for each cell.
        index_dims: (rows, columns) of the grid.
        cell: (row, column) of the place to compare with.
    """
    here = features[cell[0] * index_dims[1] + cell[1]]
    similarity = cosine_similarity(features, here[None]).reshape(index_dims).numpy()
    figure, (axes,) = strip(1, width=3.2, height=2.8)
    shown = axes.imshow(similarity, cmap="cividis", vmin=-1, vmax=1, interpolation="nearest")
    axes.plot(cell[1], cell[0], marker="+", color="white", markersize=10)
    axes.set_title(f"cosine to row {cell[0]}, column {cell[1]}", fontsize=9, color=INK)
    figure.colorbar(shown, ax=axes, shrink=0.8)
    alt = (
        f"Cosine between the position of row {cell[0]}, column {cell[1]} and every other of "
        f"{index_dims[0]} by {index_dims[1]} cells: high close by, and along its row and column."
    )
    return Picture(figure, alt)


def draw_photographs(photographs: Sequence[Image.Image], titles: Sequence[str]) -> Picture:
    """Photographs in a row, drawn at one scale, so that cropping and resizing can be seen.

    Args:
        photographs: any sizes.
        titles: one for each; its size in pixels is written below.
    """
    widths = [photograph.width for photograph in photographs]
    tallest = max(photograph.height for photograph in photographs)
    figure, row = strip(len(photographs), 8.0, 8.0 * tallest / sum(widths) + 0.5, widths)
    for axes, photograph, title in zip(row, photographs, titles, strict=True):
        axes.imshow(photograph)
        axes.set_ylim(tallest, 0)
        axes.set_title(f"{title}\n{photograph.width} x {photograph.height}", fontsize=9, color=INK)
    sizes = (
        f"{t}, {p.width} by {p.height} pixels" for p, t in zip(photographs, titles, strict=True)
    )
    return Picture(figure, f"Photographs at one scale: {'; '.join(sizes)}.")


def draw_pixel_rows(image: Float[Tensor, "colours height width"], num_rows: int = 12) -> Picture:
    """An image beside the table that the Perceiver reads: a row for each pixel, a column a colour.

    Args:
        image: three colours, any range.
        num_rows: first pixels to show as rows.
    """
    figure, (left, right) = strip(2, width=6.5, height=3.2)
    shown = as_shown(image)
    left.imshow(shown, interpolation="nearest")
    left.set_title(f"the image: {image.shape[-2]} x {image.shape[-1]}", fontsize=9, color=INK)
    pixels = rearrange(torch.as_tensor(shown), "h w c -> (h w) c")
    right.imshow(pixels[:num_rows].numpy(), cmap="gray", vmin=0, vmax=1, aspect="auto")
    for row, column in torch.cartesian_prod(torch.arange(num_rows), torch.arange(3)).tolist():
        value = float(pixels[row, column])
        right.text(
            column,
            row,
            f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=7,
            color=ink_on((value,) * 3),
        )
    right.set_title(f"what is read: {len(pixels)} rows x 3", fontsize=9, color=INK)
    alt = (
        f"Left, an image of {image.shape[-2]} by {image.shape[-1]} pixels; right, the first "
        f"{num_rows} of its {len(pixels)} pixels as rows of red, green and blue."
    )
    return Picture(figure, alt)
