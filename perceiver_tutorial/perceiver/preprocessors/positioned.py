"""What is there, joined with where it is: appended as further channels, or added."""

import torch
from einops import repeat
from jaxtyping import Float
from torch import Tensor, nn

from ..parts import What, Where


class AppendedPositions(nn.Module):
    """Every input says what it is, then, in further channels, where it is.

    Args:
        what: raw data to one row for each input.
        where: one row for each input, the same for every sample.
    """

    def __init__(self, what: What, where: Where):
        super().__init__()
        self.what = what
        self.where = where
        self.num_channels = what.num_channels + where.num_channels

    def num_inputs(self, raw: Tensor) -> int:
        """How many rows will be made of each sample."""
        return self.what.num_inputs(raw)

    def forward(self, raw: Tensor) -> Float[Tensor, "batch inputs channels"]:
        what = self.what(raw)
        where = repeat(self.where(), "n c -> b n c", b=what.shape[0])
        return torch.cat([what, where], dim=-1)


class AddedPositions(nn.Module):
    """Every input is the sum of what it is and where it is.

    Args:
        what: raw data to one row for each input; fewer rows than positions will do.
        where: one row for each place, as wide as those of `what`.

    Raises:
        ValueError: if the two are not equally wide.
    """

    def __init__(self, what: What, where: Where):
        super().__init__()
        if what.num_channels != where.num_channels:
            raise ValueError(
                f"cannot add {where.num_channels} position channels to {what.num_channels} "
                "channels: make them equally wide, or append them with AppendedPositions."
            )
        self.what = what
        self.where = where
        self.num_channels = what.num_channels

    def num_inputs(self, raw: Tensor) -> int:
        """How many rows will be made of each sample."""
        return self.what.num_inputs(raw)

    def forward(self, raw: Tensor) -> Float[Tensor, "batch inputs channels"]:
        what = self.what(raw)
        return what + self.where()[: what.shape[1]]
