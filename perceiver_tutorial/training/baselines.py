"""What the course's models are compared with."""

from torch import nn


def small_cnn(image_channels: int = 1, num_classes: int = 10, width: int = 32) -> nn.Sequential:
    """Three convolutions, one max-pooling, an average over places: for pictures of any size.

    It is told that neighbours belong together, and that the same strokes mean the
    same in every place.

    Args:
        image_channels: colours of a pixel.
        num_classes: scores wanted.
        width: channels of the first two convolutions; the third has twice as many.
    """
    return nn.Sequential(
        nn.Conv2d(image_channels, width, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * width, num_classes),
    )
