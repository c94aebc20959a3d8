"""What a Hiera is fed, looked at before it is computed with."""

from torch import Tensor

from ..inputs import InputSpec
from .config import HieraConfig
from .mask_units import Grid


def check_images(images: Tensor, config: HieraConfig) -> None:
    """Let images, or videos, pass, or say what is wrong with them.

    Raises:
        TypeError: if they are no tensor.
        ValueError: if the axes, their order or the number type is wrong, or there are none.
    """
    axes = len(config.input_size) + 1
    InputSpec(
        "images" if axes == 3 else "videos",
        ("frames", "colours", "height", "width")[-axes:],
        (None, 3, None, None)[-axes:],
        "Colours are red, green and blue.",
    ).check(images)


def input_size(images: Tensor) -> Grid:
    """(Frames,) height and width of a batch, in pixels."""
    return (*images.shape[1:-3], *images.shape[-2:])
