"""Image classifiers layer by layer: tokens, operations, maps, parameters, as they are counted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from perceiver_tutorial.deit import DeiTConfig
from perceiver_tutorial.hiera import HieraConfig
from perceiver_tutorial.perceiver import ImageClassifierConfig
from perceiver_tutorial.tracing import Cost, cost, walk
from perceiver_tutorial.tracing.walk import Step

ImageConfig = ImageClassifierConfig | HieraConfig | DeiTConfig
LAYERS = ("CrossAttentionLayer", "SelfAttentionLayer", "HieraLayer")


@dataclass(frozen=True)
class Layer:
    """One layer of a classifier, or what stands before or after all layers.

    Attributes:
        kind: of its rows, one of `AXES`.
        tokens: rows that it reads.
        flops: floating point operations.
        map_bytes: of its attention maps, all heads and windows, if they were written down.
        parameters: learned numbers; 0 where weights are used again.
    """

    kind: str
    tokens: int
    flops: int
    map_bytes: int
    parameters: int


@cache
def layers_of(config: ImageConfig) -> tuple[Layer, ...]:
    """What makes the tokens, then every layer, then what makes scores of them, and all else.

    Args:
        config: of an image classifier of any family.

    >>> from perceiver_tutorial.deit import PUBLISHED
    >>> layers = layers_of(PUBLISHED["facebook/deit-base-distilled-patch16-224"])
    >>> len(layers), layers[1].tokens, sum(layer.flops for layer in layers)
    (14, 198, 35313623040)
    """
    walked, counted = walk(config), cost(_short(config))
    steps = [step for step in walked.steps if _is_layer(step)]
    begun = walked.steps[1 : walked.steps.index(steps[0])]
    first = [step for step in begun if not _is_inside(step, (*begun, *steps))]
    layers = [layer for step in steps for layer in _alike(config, step, counted)]
    before = sum(counted[step.name].flops for step in first)
    once = sum(counted[step.name].flops for step in steps)
    after = max((s.map_bytes for s in counted.steps if s.name.startswith("decoder")), default=0)
    learned = sum(step.parameters for step in first)
    rest = walked.parameters - learned - sum(layer.parameters for layer in layers)
    return (
        Layer("inputs", layers[0].tokens, before, 0, learned),
        *layers,
        Layer("queries", steps[-1].shape[1], counted.total.flops - before - once, after, rest),
    )


def _short(config: ImageConfig) -> ImageConfig:
    """The same with each kind of layer once: of layers that are alike one is counted."""
    match config:
        case HieraConfig(stages=stages):
            return replace(config, stages=(1, *(min(depth, 2) for depth in stages[1:])))
        case DeiTConfig():
            return replace(config, depth=1)
    once = {"num_blocks": 1, "cross_schedule": (0,), "block_schedule": None}
    layers = min(1, config.encoder.layers_per_block)
    return replace(config, encoder=replace(config.encoder, **once, layers_per_block=layers))


def _alike(config: ImageConfig, step: Step, counted: Cost) -> Iterator[Layer]:
    """A layer for each run, the first runs of all modules before those that use them again."""
    is_latents = isinstance(config, ImageClassifierConfig) and step.kind == "SelfAttentionLayer"
    one = counted[step.name]
    for run in range(step.runs):
        yield Layer(
            "latents" if is_latents else "inputs",
            step.inputs[-1].sizes[1],
            one.flops,
            one.map_bytes,
            step.parameters // step.modules if run < step.modules else 0,
        )


def _is_layer(step: Step) -> bool:
    return step.kind in LAYERS and not step.name.startswith("decoder")


def _is_inside(step: Step, others: Iterable[Step]) -> bool:
    return any(step.name.startswith(f"{other.name}.") for other in others)
