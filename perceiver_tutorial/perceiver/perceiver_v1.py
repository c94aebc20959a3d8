"""The first Perceiver (arXiv 2103.03206), on ImageNet: no query, often several cross-attentions.

It averages its latents, and the average is classified. No weights were published.
The first three attend to the input once, as those that Perceiver IO compares itself with
do (2107.14795, table 7: 42.1 million parameters, 55.9 with learned positions). The first
Perceiver itself does so eight times, before each block: first with weights of its own, then
seven times with another set, which all seven share, 44.9 million parameters in all.
Without any sharing there would be 326.2 million, and no fewer operations.
"""

from collections.abc import Sequence
from dataclasses import replace

from einops import repeat
from jaxtyping import Float
from torch import Tensor

from .encoder import PerceiverEncoder
from .published import VISION_PERCEIVER_CONV, VISION_PERCEIVER_FOURIER, VISION_PERCEIVER_LEARNED
from .tasks import ImageClassifierConfig

READ_ONCE = replace(VISION_PERCEIVER_FOURIER, decoder=None)
TWO_SETS = replace(READ_ONCE.encoder, cross_schedule=(0, 1, 1, 1, 1, 1, 1, 1))
NOTHING_SHARED = replace(TWO_SETS, cross_schedule=tuple(range(8)), block_schedule=tuple(range(8)))

PERCEIVER_V1: dict[str, ImageClassifierConfig] = {
    "perceiver-fourier": READ_ONCE,
    "perceiver-learned": replace(VISION_PERCEIVER_LEARNED, decoder=None),
    "perceiver-conv": replace(VISION_PERCEIVER_CONV, decoder=None),
    "perceiver-fourier-8-reads": replace(READ_ONCE, encoder=TWO_SETS),
    "perceiver-fourier-8-reads-unshared": replace(READ_ONCE, encoder=NOTHING_SHARED),
}


def encode_in_turn(
    encoder: PerceiverEncoder,
    input_arrays: Sequence[Float[Tensor, "batch _inputs input_channels"]],
    latents: Float[Tensor, "batch latents latent_channels"] | None = None,
) -> Float[Tensor, "batch latents latent_channels"]:
    """Give each read an input array of its own, e.g. one frame of a film after the other.

    Args:
        encoder: with several reads.
        input_arrays: one for each read, in order; each of any length.
        latents: from which to go on. Default: the learned ones.

    Raises:
        ValueError: if there are more or fewer of them than reads.
    """
    count = sum(read is not None for read, _ in encoder.schedule)
    if len(input_arrays) != count:
        raise ValueError(
            f"expected one input array for each of {count} reads, got {len(input_arrays)}. An "
            "encoder that reads the same one every time is called itself."
        )
    if latents is None:
        latents = repeat(encoder.latents, "n d -> b n d", b=input_arrays[0].shape[0])
    arrays = iter(input_arrays)
    for read, block in encoder.schedule:
        if read is not None:
            latents = encoder.cross[read](latents, next(arrays))
        for layer in encoder.blocks[block]:
            latents = layer(latents)
    return latents
