"""Arrays number by number, and axes by their names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from torch import Tensor

from .axes import AXES
from .images import picture_of
from .picture import Picture, box, middle, panels, title_above

# Half as strong as the colours of axes, which they are not: black numbers can be read on them.
TINTS = ("#F2CF80", "#AADAF4", "#80CEB9", "#F7F1A0", "#E5BCD3", "#EAAE80", "#C4B7DF", "#DDDDDD")
INCHES = 0.34
GAP = 0.6
WIDEST = 9.4


def draw_cells(
    arrays: Mapping[str, Int[Tensor, "..."]], groups: Sequence[int] | None = None
) -> Picture:
    """Small arrays of whole numbers from 0 on, side by side: the same number, the same colour.

    An array with three axes is drawn as blocks from left to right, one for each index of its
    first axis.

    Args:
        arrays: title -> array of one to three axes.
        groups: which numbers share a colour: the group of number i is `groups[i]`.
            Default: the rows of the first array.
    """
    drawn = {title: _blocks(array) for title, array in arrays.items()}
    columns = next(iter(drawn.values()))[0].shape[1]
    widths = [len(blocks) * (blocks[0].shape[1] + GAP) - GAP for blocks in drawn.values()]
    tallest = max(len(blocks[0]) for blocks in drawn.values())
    inches = min(INCHES, WIDEST / (sum(widths) + 1.5 * len(widths)))
    size = inches * (sum(widths) + 1.5 * len(widths)), inches * tallest + 0.45
    figure, (row,) = panels(1, len(drawn), *size, width_ratios=widths)
    for axes, (title, blocks), width in zip(row, drawn.items(), widths, strict=True):
        for number, block in enumerate(blocks):
            left = number * (block.shape[1] + GAP)
            _block(axes, left, block, lambda n: groups[n] if groups else n // columns)
        axes.set(xlim=(-0.05, width + 0.05), ylim=(tallest + 0.05, -0.05), aspect="equal")
        title_above(axes, title)
    return Picture(figure, f"Numbered cells: {'; '.join(_told(*one) for one in drawn.items())}.")


def _blocks(array: Tensor) -> list[np.ndarray]:
    whole = array.reshape(1, -1) if array.ndim == 1 else array
    return list(whole.reshape(-1, *whole.shape[-2:]).numpy())


def _block(axes: Axes, left: float, block: np.ndarray, group: Callable[[int], int]) -> None:
    for (y, x), number in np.ndenumerate(block):
        tint = TINTS[group(int(number)) % len(TINTS)]
        box(axes, left + x, y, 1, 1, facecolor=tint, edgecolor="white")
        middle(axes, left + x + 0.5, y + 0.52, str(number))


def _told(title: str, blocks: list[np.ndarray]) -> str:
    times = f"{len(blocks)} times " if len(blocks) > 1 else ""
    size = " by ".join(map(str, blocks[0].shape))
    return f"{title}, {times}{size}, first row {', '.join(map(str, blocks[0][0]))}"


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
