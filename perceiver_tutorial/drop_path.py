"""Drop path: while training, some samples skip a branch."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class DropPath(nn.Module):
    """Leave a residual branch out for some samples, and scale it up for the others.

    Paper: Deep Networks with Stochastic Depth, arXiv 1603.09382. In evaluation nothing
    is left out.

    Args:
        probability: how often a sample skips the branch.

    Raises:
        ValueError: if `probability` is not from 0 to below 1.
    """

    def __init__(self, probability: float):
        super().__init__()
        if not 0 <= probability < 1:
            raise ValueError(f"expected a probability from 0 to below 1, got {probability}.")
        self.probability = probability

    def forward(
        self, branch: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        if not self.training or not self.probability:
            return branch
        stays = torch.rand(branch.shape[0], *(1,) * (branch.ndim - 1), device=branch.device)
        return branch * (stays >= self.probability) / (1 - self.probability)

    def extra_repr(self) -> str:
        """Show the probability where the model is printed."""
        return str(self.probability)
