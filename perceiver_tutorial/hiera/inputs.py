"""What a Hiera is fed, looked at before it is computed with."""

from torch import Tensor

from ..inputs import TO_PAD
from .config import HieraConfig
from .mask_units import Grid


def check_images(images: Tensor, config: HieraConfig) -> None:
    """Let images pass, or say what is wrong with them.

    Raises:
        ValueError: if the axes, their order or the number type is wrong, or there are none.
    """
    axes = len(config.input_size)
    wanted = "[batch, 3, height, width]" if axes == 2 else "[batch, frames, 3, height, width]"
    if images.is_nested:
        raise ValueError(f"expected images as {wanted}, got a nested tensor. {TO_PAD}")
    if images.ndim != axes + 2 or images.shape[-3] != 3:
        hint = " Move the colours: images.movedim(-1, -3)." if images.shape[-1] == 3 else ""
        raise ValueError(f"expected images as {wanted}, got {list(images.shape)}.{hint}")
    if not images.shape[0]:
        raise ValueError(
            f"expected images as {wanted}, got {list(images.shape)}. The batch is empty: give at "
            "least one."
        )
    if not images.is_floating_point():
        raise ValueError(
            f"expected images as floating point numbers, got {images.dtype}. "
            "Scale them as the weights expect: images.float() / 255, then normalise."
        )


def input_size(images: Tensor) -> Grid:
    """(Frames,) height and width of a batch, in pixels."""
    return (*images.shape[1:-3], *images.shape[-2:])
