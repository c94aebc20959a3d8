"""What the course's models are compared with."""

from torch import nn

from ..doors import checked


@checked
def small_cnn(
    image_channels: int = 1, num_classes: int = 10, width: int = 32, batch_norm: bool = False
) -> nn.Sequential:
    """Three convolutions, one max-pooling, an average over places: for pictures of any size.

    It is told that neighbours belong together, and that the same strokes mean the
    same in every place.

    Args:
        image_channels: colours of a pixel.
        num_classes: scores wanted.
        width: channels of the first two convolutions; the third has twice as many.
        batch_norm: normalise what each convolution gives over the batch.
    """
    return nn.Sequential(
        *_convolution(image_channels, width, batch_norm),
        *_convolution(width, width, batch_norm),
        nn.MaxPool2d(2),
        *_convolution(width, 2 * width, batch_norm),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * width, num_classes),
    )


def _convolution(channels: int, wider: int, batch_norm: bool) -> list[nn.Module]:
    norms = [nn.BatchNorm2d(wider)] if batch_norm else []
    return [nn.Conv2d(channels, wider, kernel_size=3, padding=1), *norms, nn.ReLU()]
