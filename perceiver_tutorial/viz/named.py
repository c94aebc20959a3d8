"""A tensor with words: what each of its axes counts, in one line, above its picture."""

from dataclasses import dataclass

from torch import Tensor

from ..doors import checked
from .axes import AXES
from .display import picture_of


@dataclass(frozen=True, repr=False)
class Named:
    """What Jupyter shows for a tensor whose axes have names.

    Attributes:
        tensor: any.
        names: one for each axis.
    """

    tensor: Tensor
    names: tuple[str, ...]

    def __repr__(self) -> str:
        kind = str(self.tensor.dtype).removeprefix("torch.")
        return f"{kind}: {', '.join(f'{size} {name}' for name, size in self._axes())}"

    def _axes(self) -> zip:
        return zip(self.names, self.tensor.shape, strict=True)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        line = " &nbsp; ".join(f"{_chip(name)} {size} {name}" for name, size in self._axes())
        display({"text/plain": repr(self), "text/html": line}, raw=True)
        picture = picture_of(self.tensor)
        if picture is not None:
            display(picture)


def _chip(name: str) -> str:
    return AXES[name].chip if name in AXES else ""


@checked
def show_axes(tensor: Tensor, names: str) -> Named:
    """Show a tensor with a word for each axis; those of `AXES` come with letter and colour.

    Args:
        tensor: any; images [..., 3, height, width] are drawn below the line.
        names: words separated by spaces, e.g. "batch colours height width".

    Raises:
        ValueError: if there is not one name for each axis.

    >>> import torch
    >>> show_axes(torch.zeros(2, 5, 4), "batch inputs channels")
    float32: 2 batch, 5 inputs, 4 channels
    """
    words = tuple(names.split())
    if len(words) != tensor.ndim:
        raise ValueError(
            f"expected a name for each of {tensor.ndim} axes {tuple(tensor.shape)}, got "
            f"{len(words)}: {names!r}."
        )
    return Named(tensor, words)
