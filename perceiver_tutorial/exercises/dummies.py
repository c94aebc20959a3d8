"""Stand-ins: the shapes of a machine are right before its arithmetic is."""

import torch
from torch import Tensor, nn

from ..perceiver.parts import Inputs


class Dummy(nn.Module):
    """Fits into every place of a Perceiver IO: takes anything, returns zeros.

    Args:
        shape: of what is returned for one sample, e.g. (50176, 261).
    """

    needs = "batch"

    def __init__(self, *shape: int):
        super().__init__()
        self.shape = shape
        self.num_channels = shape[-1]

    def forward(self, taken: Tensor | Inputs, *_more: Tensor | None) -> Tensor:
        return torch.zeros(taken.shape[0], *self.shape, device=taken.device)

    def all_points(self, inputs: Inputs) -> Tensor:
        return torch.arange(self.shape[0], device=inputs.device)

    def assemble(self, answers: Tensor) -> Tensor:
        return answers

    def extra_repr(self) -> str:
        """Show the shape where the machine is printed."""
        return " x ".join(map(str, self.shape))
