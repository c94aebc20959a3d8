"""From a published name, or a configuration, to a model and something to feed it."""

from typing import Any

from .. import zoo
from ..inputs import look_up
from .model import PerceiverIO
from .parts import PerceiverConfig
from .published import PUBLISHED


def build(model: str | PerceiverConfig) -> PerceiverIO:
    """Build a Perceiver with random weights.

    Args:
        model: a published name, or any configuration; your own will do.

    Raises:
        ValueError: if no published model has that name.
    """
    config = look_up(model, PUBLISHED, "Perceiver") if isinstance(model, str) else model
    if not isinstance(config, PerceiverConfig):
        raise TypeError(
            f"expected a published name or a configuration, got {type(config).__name__}."
        )
    return zoo.build(config)


def example_input(config: PerceiverConfig, batch_size: int = 1) -> Any:
    """Zeros in the shape of a model's raw input, on torch's default device.

    For walks, costs and first tries.

    Args:
        config: which model.
        batch_size: samples.

    >>> example_input(PUBLISHED["deepmind/vision-perceiver-fourier"]).shape
    torch.Size([1, 3, 224, 224])
    """
    if not isinstance(config, PerceiverConfig):
        raise TypeError(f"expected a configuration of a Perceiver, got {type(config).__name__}.")
    return config.example_input(batch_size)
