"""Many small images as one: drawn at once, and every cell equally large."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

GAP = 5


@dataclass(frozen=True)
class Mosaic:
    """Lines of tiles, every cell the same whole number of pixels, so that none is drawn unevenly.

    Attributes:
        tiles: one value for each cell.
        size: (height, width) that a tile may have, in pixels.
    """

    tiles: Float[Tensor, "lines across rows columns"]
    size: tuple[int, int]

    @property
    def cell(self) -> tuple[int, int]:
        """(height, width) of a cell in pixels."""
        rows, columns = self.tiles.shape[2:]
        return max(1, self.size[0] // rows), max(1, self.size[1] // columns)

    @property
    def canvas(self) -> np.ndarray:
        """The whole as an image of pixels; around the tiles is nothing."""
        lines, across = self.tiles.shape[:2]
        whole = np.full((lines, across, *(side + GAP for side in self.size)), np.nan)
        top, left = self._margins
        enlarged = np.kron(self.tiles.numpy(), np.ones((1, 1, *self.cell)))
        whole[:, :, top : top + enlarged.shape[2], left : left + enlarged.shape[3]] = enlarged
        step_down, step_across = whole.shape[2:]
        return whole.swapaxes(1, 2).reshape(lines * step_down, across * step_across)

    def middles(self, cells: Int[Tensor, "cells four=4"]) -> tuple[np.ndarray, np.ndarray]:
        """Where cells are on the canvas: across and down, in pixels.

        Args:
            cells: (line, tile of the line, row, column) of each.
        """
        line, across, row, column = cells.numpy().T
        (top, left), (high, wide) = self._margins, self.cell
        return (
            across * (self.size[1] + GAP) + left + (column + 0.5) * wide - 0.5,
            line * (self.size[0] + GAP) + top + (row + 0.5) * high - 0.5,
        )

    @property
    def _margins(self) -> tuple[int, int]:
        """Pixels above and to the left of what is drawn in a tile's room."""
        rows, columns = self.tiles.shape[2:]
        (high, wide), (tall, broad) = self.cell, self.size
        return max(0, tall - high * rows) // 2, max(0, broad - wide * columns) // 2
