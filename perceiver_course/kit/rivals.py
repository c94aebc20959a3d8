"""Models to compare with: a small convolutional network, and a linear probe."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from perceiver_tutorial.zoo import build


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

    def example_input(self, batch_size: int = 1) -> Tensor:
        """Zeros in the shape of the raw input."""
        return torch.zeros(batch_size, self.image_channels, *self.image_size)


@build.register
def _(config: ConvNetConfig) -> nn.Sequential:
    """A network with random weights."""
    return small_cnn(config.image_channels, config.num_classes, config.width, config.batch_norm)


DECAY = 1e-3  # how strongly a linear probe's squared weights are punished


def linear_probe(
    features: Float[Tensor, "samples channels"],
    labels: Int[Tensor, " samples"],
    num_classes: int,
) -> nn.Linear:
    """The best linear map from features to scores: nothing else is trained.

    Features are standardised on the way, so that their scale does not matter, and
    that is folded into the map: it takes features as they are. There is one best map,
    found by L-BFGS from zeros, so nothing here is random.

    Args:
        features: of a model that stays as it is.
        labels: the right classes.
        num_classes: scores wanted.

    Raises:
        ValueError: if there is not one label for each of two or more samples.
    """
    if len(features) != len(labels) or len(features) < 2:
        raise ValueError(
            f"expected one label for each of two or more samples, got {len(features)} samples "
            f"and {len(labels)} labels."
        )
    features = features.detach()
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    probe = nn.Linear(features.shape[1], num_classes)
    nn.init.zeros_(probe.weight)
    nn.init.zeros_(probe.bias)
    _settle(probe, (features - mean) / deviation, labels)
    with torch.no_grad():
        probe.weight /= deviation
        probe.bias -= probe.weight @ mean
    return probe


def _settle(probe: nn.Linear, features: Tensor, labels: Tensor) -> None:
    optimizer = torch.optim.LBFGS(probe.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = cross_entropy(probe(features), labels) + DECAY * probe.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
