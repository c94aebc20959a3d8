"""The first Perceiver (arXiv 2103.03206), on ImageNet: no query, often several cross-attentions.

It averages its latents, and the average is classified. No weights were published.
The first three attend to the input once, as those that Perceiver IO compares itself with
do (2107.14795, table 7: 42.1 million parameters, 55.9 with learned positions). The first
Perceiver itself does so eight times, before each block: first with weights of its own, then
seven times with another set, which all seven share, 44.9 million parameters in all.
Without any sharing there would be 326.2 million, and no fewer operations.
"""

from dataclasses import replace

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
