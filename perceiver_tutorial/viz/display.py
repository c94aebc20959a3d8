"""Let a notebook show tensors as what they are: a kind of number, a shape, a picture."""

from torch import Tensor

from .images import draw_images
from .picture import Picture

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
