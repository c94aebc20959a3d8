"""Numbers of very different kinds become rows of one width: a small MLP, the same for every row."""

from jaxtyping import Float
from torch import Tensor, nn

from ..parts import Preprocessor


class Embedded(nn.Module):
    """Every input row goes through the same small MLP, on its own.

    Health, damage and a place are numbers of different kinds, and some matter only
    together; a linear map of them, as keys and queries are, could not say so.

    Args:
        rows: raw data to one row for each input.
        channels: width of a row afterwards.
    """

    def __init__(self, rows: Preprocessor, channels: int):
        super().__init__()
        self.num_channels = channels
        self.rows = rows
        self.embed = nn.Sequential(
            nn.Linear(rows.num_channels, channels), nn.GELU(), nn.Linear(channels, channels)
        )

    def num_inputs(self, raw: Float[Tensor, "batch entities features"]) -> int:
        """How many rows will be made of each sample."""
        return self.rows.num_inputs(raw)

    def forward(
        self, raw: Float[Tensor, "batch entities features"]
    ) -> Float[Tensor, "batch inputs channels"]:
        return self.embed(self.rows(raw))
