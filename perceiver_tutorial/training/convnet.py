"""A plain convolutional network to learn from or to compare with, described by its sizes."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .baselines import small_cnn


@dataclass(frozen=True)
class ConvNetConfig:
    """Sizes of a `small_cnn`.

    Attributes:
        width: channels of the first two convolutions; the third has twice as many.
        image_channels: colours of a pixel.
        image_size: (height, width) of the pictures it is shown; it takes others, too.
        num_classes: scores wanted.
        batch_norm: each convolution's output is normalised over the batch.
    """

    width: int = 32
    image_channels: int = 3
    image_size: tuple[int, int] = (8, 8)
    num_classes: int = 10
    batch_norm: bool = True

    def build(self) -> nn.Sequential:
        """A network with random weights."""
        return small_cnn(self.image_channels, self.num_classes, self.width, self.batch_norm)

    def example_input(self, batch_size: int = 1) -> Tensor:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.image_channels, *self.image_size)
