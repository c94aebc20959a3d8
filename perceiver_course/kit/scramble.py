"""Pictures with their pixels in another order: the same numbers, no neighbourhood."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def pixel_order(num_pixels: int, seed: int = 0) -> Int[Tensor, " pixels"]:
    """A shuffled order of the pixels of a picture.

    Args:
        num_pixels: how many there are.
        seed: the same seed gives the same order.

    >>> sorted(pixel_order(5).tolist())
    [0, 1, 2, 3, 4]
    """
    return torch.randperm(num_pixels, generator=torch.Generator().manual_seed(seed))


def reorder_pixels(
    images: Float[Tensor, "*batch height width"], order: Int[Tensor, " pixels"]
) -> Float[Tensor, "*batch height width"]:
    """Put pixel `order[i]` in place i, in every picture alike; places in reading order.

    Args:
        images: colours keep together.
        order: every pixel once.

    Raises:
        ValueError: if the order does not name every pixel exactly once.

    >>> reorder_pixels(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([3, 0, 1, 2]))
    tensor([[4., 1.],
            [2., 3.]])
    """
    num_pixels = images.shape[-2] * images.shape[-1]
    if not torch.equal(order.sort().values, torch.arange(num_pixels)):
        raise ValueError(
            f"expected every one of {num_pixels} pixels once, got an order of {len(order)}. "
            "Make one with pixel_order."
        )
    return images.flatten(-2)[..., order].reshape(images.shape)
