"""Images as they are, the tensors behind them, and where attention looks on them."""

from collections.abc import Sequence

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from matplotlib.colors import ListedColormap
from torch import Tensor

from .axes import AXES
from .picture import INK, Picture, strip


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


def as_shown(image: Tensor):
    """An image [colours, height, width] as imshow takes it, stretched from 0 to 1."""
    low, high = image.min(), image.max()
    scaled = (image - low) / torch.clamp(high - low, min=1e-9)
    return rearrange(scaled, "c h w -> h w c").squeeze(-1).numpy()


FEW = 24


def describe(tensor: Tensor) -> str:
    """Kind of number and shape; whole numbers themselves while they are few.

    >>> import torch
    >>> describe(torch.zeros(1, 3, 224, 224))
    'float32 (1, 3, 224, 224)'
    >>> describe(torch.arange(3))
    'int64 (3,) [0, 1, 2]'
    """
    kind = str(tensor.dtype).removeprefix("torch.")
    words = [kind, str(tuple(tensor.shape))]
    if tensor.is_meta:
        words.append("without values")
    elif not tensor.is_floating_point() and tensor.numel() <= FEW:
        words.append(str(tensor.tolist()))
    return " ".join(words)


def show_tensors() -> None:
    """From here on, a cell that ends in a tensor shows its shape, and its picture if it has one.

    Images are [..., 3, height, width] of at least 8 pixels; other arrays stay text.

    Raises:
        RuntimeError: outside IPython and Jupyter.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("show_tensors() works in a notebook or in IPython, not in plain Python.")
    formatters = shell.display_formatter.formatters
    formatters["text/plain"].for_type(Tensor, lambda t, p, _: p.text(describe(t)))
    formatters["image/png"].for_type(Tensor, _png)


def _png(tensor: Tensor) -> bytes | None:
    picture = picture_of(tensor)
    return None if picture is None else picture.png


def picture_of(tensor: Tensor) -> Picture | None:
    """The images that a tensor holds, or None if it does not look like images."""
    has_colours = tensor.ndim >= 3 and tensor.shape[-3] == 3 and min(tensor.shape[-2:]) >= 8
    if tensor.is_meta or not has_colours or not tensor.is_floating_point():
        return None
    images = tensor.detach().flatten(0, -4) if tensor.ndim > 3 else tensor.detach()[None]
    picture = draw_images(images[:8], [""] * len(images[:8]))
    picture.figure.suptitle(describe(tensor), fontsize=9)
    return picture


READ = ListedColormap([AXES["inputs"].colour])


def draw_attention(
    image: Float[Tensor, "colours height width"],
    maps: Float[Tensor, "maps height width"],
    titles: Sequence[str],
    asking: Sequence[tuple[int, int]] = (),
) -> Picture:
    """The picture, then each map over it, dimmed: the more a pixel is read, the more orange.

    Every map is shown from zero to its own largest weight, so that maps of very
    different sharpness can be compared by their shape.

    Args:
        image: what was read; one or three colours.
        maps: attention weights over its pixels.
        titles: one for each map.
        asking: (row, column) of the pixel that asks in each map, ringed in white.
    """
    grey = image.mean(0).numpy()
    height = 1.6 * grey.shape[0] / grey.shape[1] + 0.3
    figure, row = strip(1 + len(maps), min(9.5, 1.6 * (1 + len(maps))), height)
    row[0].imshow(as_shown(image), cmap="gray", interpolation="nearest")
    row[0].set_title("what is read", fontsize=9, color=INK)
    for axes, weights, title in zip(row[1:], maps, titles, strict=True):
        axes.imshow(grey, cmap="gray", vmax=2 * grey.max(), interpolation="nearest")
        opacity = (weights / weights.max()).numpy()
        axes.imshow(np.full_like(grey, 1), cmap=READ, alpha=opacity, interpolation="nearest")
        axes.set_title(title, fontsize=9, color=INK)
    for axes, (y, x) in zip(row[1:], asking, strict=False):
        axes.plot(x, y, "o", markersize=13, markerfacecolor="none", markeredgecolor="white")
    alt = (
        f"An image of {grey.shape[0]} by {grey.shape[1]} pixels, and over it where attention "
        f"goes: {', '.join(titles)}."
    )
    return Picture(figure, alt)
