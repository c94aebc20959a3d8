"""Hiera's hidden mask units: black in the picture, and not among the tokens."""

from einops import rearrange, repeat
from jaxtyping import Float, Int
from torch import Tensor

from ..masks import mask_of, spread
from .config import HieraConfig
from .inputs import input_size


def hide_pixels(
    images: Float[Tensor, "batch *frames 3 height width"],
    kept: Int[Tensor, "batch kept"],
    config: HieraConfig,
) -> Float[Tensor, "batch *frames 3 height width"]:
    """Black out the hidden units, so that patches which overlap them learn nothing of them."""
    sizes = zip(input_size(images), config.unit_pixels, strict=True)
    units = tuple(side // pixels for side, pixels in sizes)
    return images * spread(mask_of(kept, units), units, config.unit_pixels).unsqueeze(-3)


def visible_tokens(
    tokens: Float[Tensor, "batch tokens channels"], kept: Int[Tensor, "batch kept"], units: int
) -> Float[Tensor, "batch kept_tokens channels"]:
    """Tokens of the kept units only; in pooling order they stand apart by `units`.

    Args:
        tokens: of all units, in pooling order.
        kept: numbers of the units to keep.
        units: how many there are.
    """
    by_unit = rearrange(tokens, "b (slots units) c -> b slots units c", units=units)
    index = repeat(kept, "b kept -> b slots kept c", slots=by_unit.shape[1], c=tokens.shape[-1])
    return rearrange(by_unit.gather(2, index), "b slots kept c -> b (slots kept) c")
