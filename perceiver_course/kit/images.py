"""Images as they are, rows of maps, the tensors behind them, and attention over them."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from PIL import Image
from torch import Tensor

from .axes import AXES
from .picture import Number, Picture, panels, show, title_above, title_beside

GREY = {"cmap": "gray", "vmin": 0, "vmax": 1}
Images = Sequence[Float[Tensor, "_ _ _"]] | Float[Tensor, "images colours height width"]
Maps = Sequence[Shaped[Tensor, "*_"]] | Shaped[Tensor, "maps *_"]


def draw_images(images: Images, titles: Sequence[str], *, is_stretched: bool = True) -> Picture:
    """Images in a row, each under its title; where they differ in size, it is written below.

    Args:
        images: one or three colours.
        titles: one for each.
        is_stretched: whether each is shown from its darkest to its brightest number. Otherwise
            what lies outside 0 to 1 is cut off.
    """
    sizes = [f"{image.shape[-2]} x {image.shape[-1]}" for image in images]
    are_alike = len(set(sizes)) == 1
    width = min(9.0, 2.4 * len(images))
    height = width / len(images) * images[0].shape[-2] / images[0].shape[-1] + 0.3
    figure, (row,) = panels(1, len(images), width, height + 0.2 * (not are_alike))
    for axes, image, title, size in zip(row, images, titles, sizes, strict=True):
        show(axes, as_shown(image) if is_stretched else image.clamp(0, 1), **GREY)
        title_above(axes, title if are_alike else f"{title}\n{size}")
    plural = "images" if len(images) > 1 else "image"
    if are_alike:
        named = f": {', '.join(titles)}" if any(titles) else ""
        told = f" of {sizes[0].replace('x', 'by')} pixels{named}"
    else:
        pairs = zip(titles, sizes, strict=True)
        told = f", drawn equally large: {'; '.join(f'{t}, {size} pixels' for t, size in pairs)}"
    return Picture(figure, f"{len(images)} {plural}{told}.")


def as_shown(image: Tensor):
    """An image [colours, height, width] as imshow takes it, stretched from 0 to 1."""
    low, high = image.min(), image.max()
    scaled = (image - low) / torch.clamp(high - low, min=1e-9)
    return rearrange(scaled, "c h w -> h w c").squeeze(-1).numpy()


def draw_maps(
    rows: Mapping[str, Maps],
    titles: Sequence[str] = (),
    *,
    limits: tuple[Number, Number] | None = None,
) -> Picture:
    """Maps, pictures and films in rows.

    Args:
        rows: name -> [height, width], from dark to light, or colours [1 or 3, height, width];
            sizes may differ, and a row may be shorter than others. One array is told as a film.
        titles: above the panels of the first row.
        limits: the numbers that are darkest and lightest. Default: for maps and pictures each
            one's own smallest and largest.
    """
    columns = max(len(row) for row in rows.values())
    side = min(1.9 if len(rows) < 3 else 1.2, 8.6 / columns)
    tall = max(one.shape[-2] / one.shape[-1] for row in rows.values() for one in row)
    figure, grid = panels(len(rows), columns, side * columns + 0.7, side * tall * len(rows) + 0.3)
    for panel_row, (name, row) in zip(grid, rows.items(), strict=True):
        for axes, one in zip(panel_row, row, strict=False):
            low, high = limits or (one.min().item(), one.max().item())
            if one.ndim == 3:
                scaled = ((one - low) / max(high - low, 1e-9)).clamp(0, 1)
                show(axes, scaled, **GREY)
            else:
                show(axes, one, vmin=low, vmax=high)
        title_beside(panel_row[0], name)
    for axes, title in zip(grid[0], titles, strict=False):
        title_above(axes, title)
    told = "; ".join(f"{name}, {_sizes(row)}" for name, row in rows.items())
    are_films = all(isinstance(row, Tensor) for row in rows.values())
    kind = "Films in rows, frame by frame" if are_films else "Maps in rows"
    above = f" Above them: {', '.join(titles)}." if titles and not are_films else ""
    return Picture(figure, f"{kind}, from dark to light: {told}.{above}")


def _sizes(row: Maps) -> str:
    sizes = [f"{one.shape[-2]} by {one.shape[-1]}" for one in row]
    alike = len(sizes) > 1 and len(set(sizes)) == 1
    kind = "frames of" if isinstance(row, Tensor) else "of"
    return f"{len(sizes)} {kind} {sizes[0]}" if alike else ", ".join(sizes)


WIDEST, TALLEST, PIXEL, TITLE, GAP = 9.4, 3.2, 0.06, 0.45, 0.3  # inches


def draw_at_one_scale(images: Mapping[str, Float[Tensor, "_ _ _"] | Image.Image]) -> Picture:
    """Images [colours, height, width] of any sizes, drawn so that sizes can be compared.

    Args:
        images: title -> photograph, or one or three colours from 0 to 1; its shape is written
            below the title.
    """
    arrays = {title: _array(image) for title, image in images.items()}
    tallest = max(image.shape[1] for image in arrays.values())
    widths = [image.shape[2] for image in arrays.values()]
    inches = min((WIDEST - GAP * len(widths)) / sum(widths), TALLEST / tallest, PIXEL)
    size = inches * sum(widths) + GAP * len(widths), inches * tallest + TITLE
    figure, (row,) = panels(1, len(images), *size, width_ratios=widths)
    shapes = {title: ", ".join(map(str, image.shape)) for title, image in arrays.items()}
    for axes, (title, image) in zip(row, arrays.items(), strict=True):
        show(axes, image.clamp(0, 1), **GREY)
        axes.set_ylim(tallest - 0.5, -0.5)
        title_above(axes, f"{title}\n{shapes[title]}")
    listed = "; ".join(
        f"{title}, {image.shape[1]} by {image.shape[2]} pixels" for title, image in arrays.items()
    )
    return Picture(figure, f"Images at one scale: {listed}.")


def _array(image: Tensor | Image.Image) -> Tensor:
    if isinstance(image, Tensor):
        return image.detach()
    return torch.from_numpy(np.array(image.convert("RGB"))).movedim(-1, 0) / 255


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
    images: Float[Tensor, "*images colours height width"],
    maps: Float[Tensor, "*images maps height width"],
    titles: Sequence[str],
    asking: Sequence[tuple[int, int]] = (),
) -> Picture:
    """A picture, then each map over it, dimmed: the more a pixel is read, the more orange.

    Every map is shown from zero to its own largest weight, so that maps of very
    different sharpness can be compared by their shape. Of several pictures each has a column.

    Args:
        images: what was read; one or three colours.
        maps: attention weights over the pixels.
        titles: one for each map.
        asking: (row, column) of the pixel that asks in each map of one picture, ringed in white.
    """
    height, width = images.shape[-2:]
    count, named = 1 + len(titles), ("what is read", *titles)
    if images.ndim == 4:
        figure, grid = panels(count, len(images), 0.9 + 1.3 * len(images), 1.3 * count)
        told, lines = f"{len(images)} pictures of {height} by {width} pixels, and where", grid.T
    else:
        figure, grid = panels(1, count, min(9.5, 1.6 * count), 1.6 * height / width + 0.3)
        told, lines = f"An image of {height} by {width} pixels, and over it where", grid
        images, maps = images[None], maps[None]
    for line, image, weights_of in zip(lines, images, maps, strict=True):
        show(line[0], as_shown(image), **GREY)
        for axes, weights in zip(line[1:], weights_of, strict=True):
            show_read(axes, image, weights)
    for axes, name in zip(lines[0], named, strict=True):
        (title_beside if len(lines) > 1 else title_above)(axes, name)
    for axes, (y, x) in zip(lines[0, 1:], asking, strict=False):
        axes.plot(x, y, "o", markersize=13, markerfacecolor="none", markeredgecolor="white")
    return Picture(figure, f"{told} attention goes: {', '.join(titles)}.")


def show_read(axes: Axes, image: Tensor, weights: Tensor) -> None:
    """A picture, dimmed, and over it in orange how much of each pixel is read."""
    grey = image.mean(0)
    show(axes, grey, cmap="gray", vmax=2 * grey.max().item() - min(grey.min().item(), 0.0))
    opacity = (weights / weights.max()).numpy()
    show(axes, torch.ones_like(grey), cmap=READ, alpha=opacity)
