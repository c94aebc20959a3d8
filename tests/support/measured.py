"""Walks and costs at published size, each taken once for all tests of a run."""

from dataclasses import replace
from functools import cache

from perceiver_tutorial.perceiver import PUBLISHED, PerceiverConfig
from perceiver_tutorial.tracing import cost, walk

BYTES = "deepmind/language-perceiver"
LEARNED = "deepmind/vision-perceiver-learned"
FOURIER = "deepmind/vision-perceiver-fourier"
CONV = "deepmind/vision-perceiver-conv"
FLOW = "deepmind/optical-flow-perceiver"
MULTIMODAL = "deepmind/multimodal-perceiver"

cost_of = cache(cost)
walk_of = cache(walk)


def with_encoder(config: str | PerceiverConfig, **changes) -> PerceiverConfig:
    """A published model with another encoder."""
    config = PUBLISHED[config] if isinstance(config, str) else config
    return replace(config, encoder=replace(config.encoder, **changes))


def shallow(config: str | PerceiverConfig) -> PerceiverConfig:
    """A published model that thinks once only: the quick way to all the rest of it."""
    return with_encoder(config, num_blocks=1, layers_per_block=1)


def gflop(flops: float) -> float:
    """Operations in thousand millions, to four digits behind the point."""
    return round(flops / 1e9, 4)
