"""Images side by side, and images as the rows that a model sees."""

from collections.abc import Sequence

import torch
from einops import rearrange
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from .picture import INK, Picture, ink_on, strip


def draw_images(
    images: Float[Tensor, "images colours height width"], titles: Sequence[str]
) -> Picture:
    """Images in a row, each under its title.

    Args:
        images: one or three colours; any range, shown from darkest to brightest.
        titles: one for each.
    """
    width = min(9.0, 2.4 * len(images))
    height = width / len(images) * images.shape[-2] / images.shape[-1] + 0.3
    figure, row = strip(len(images), width, height)
    for axes, image, title in zip(row, images, titles, strict=True):
        axes.imshow(as_shown(image), cmap="gray", interpolation="nearest")
        axes.set_title(title, fontsize=9, color=INK)
    size = f"{images.shape[-2]} by {images.shape[-1]} pixels"
    named = f": {', '.join(titles)}" if any(titles) else ""
    plural = "images" if len(images) > 1 else "image"
    return Picture(figure, f"{len(images)} {plural} of {size}{named}.")


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


def as_shown(image: Tensor):
    """An image [colours, height, width] as imshow takes it, stretched from 0 to 1."""
    low, high = image.min(), image.max()
    scaled = (image - low) / torch.clamp(high - low, min=1e-9)
    return rearrange(scaled, "c h w -> h w c").squeeze(-1).numpy()
