"""Inputs that are the cells of a grid."""

import math

from torch import Tensor, nn


class GridInputs(nn.Module):
    """A preprocessor that makes one row of each cell of a grid, of every sample equally many.

    Attributes:
        index_dims: cells along each axis.
    """

    index_dims: tuple[int, ...]

    def num_inputs(self, _raw: Tensor) -> int:
        """How many rows will be made of each sample."""
        return math.prod(self.index_dims)
