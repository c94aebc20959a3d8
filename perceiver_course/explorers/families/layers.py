"""Image classifiers layer by layer: tokens, operations, maps and parameters, worked out by hand."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from perceiver_tutorial.deit import DeiTConfig
from perceiver_tutorial.hiera import HieraConfig
from perceiver_tutorial.perceiver import (
    Conv1x1Stem,
    ConvPoolStem,
    EncoderConfig,
    ImageClassifierConfig,
)
from perceiver_tutorial.perceiver.config import FourierConfig

from ...kit.formulas import attend_flops, attend_parameters, map_parameters

NUMBER = 4  # bytes
COLOURS = 3
ImageConfig = ImageClassifierConfig | HieraConfig | DeiTConfig


@dataclass(frozen=True)
class Layer:
    """One step of a classifier.

    Attributes:
        name: of the kind of step.
        tokens: rows that it reads.
        flops: floating point operations.
        map_bytes: of its attention maps, all heads and windows, if they were written down.
        parameters: learned numbers; 0 where weights are used again.
    """

    name: str
    tokens: int
    flops: int
    map_bytes: int
    parameters: int


@cache
def layers_of(config: ImageConfig) -> tuple[Layer, ...]:
    """Every step of an image classifier of any family, in the order in which data passes.

    Sums are those that `cost` counts; here nothing is built.

    >>> from perceiver_tutorial.deit import PUBLISHED
    >>> layers = layers_of(PUBLISHED["facebook/deit-base-distilled-patch16-224"])
    >>> len(layers), layers[1].tokens, sum(layer.flops for layer in layers)
    (14, 198, 35313623040)
    """
    if isinstance(config, HieraConfig):
        return tuple(_hiera_layers(config))
    if isinstance(config, DeiTConfig):
        return tuple(_deit_layers(config))
    return tuple(_perceiver_layers(config))


def _perceiver_layers(config: ImageClassifierConfig) -> Iterator[Layer]:
    """A stem, reading, thinking many times, one question.

    Raises:
        ValueError: if the latents are averaged, as nothing is asked then.
    """
    if config.decoder is None:
        raise ValueError("expected a decoder that asks, got None. Choose a DecoderConfig.")
    encoder, stem = config.encoder, _stem(config)
    latents, width = encoder.num_latents, encoder.latent_channels
    channels = _input_channels(config)
    yield stem
    seen: set[tuple[str, int]] = set()
    for read, block in encoder.schedule:
        if read is not None:
            table = 0 if seen else latents * width
            is_new = ("read", read) not in seen
            yield _read(encoder, stem.tokens, channels, is_new, table)
        is_new = ("block", block) not in seen
        yield from (_think(encoder, is_new),) * encoder.layers_per_block
        seen |= {("read", read or 0), ("block", block)}
    yield _answer(config, latents, width)


def _stem(config: ImageClassifierConfig) -> Layer:
    """What turns pixels into the input array, positions included."""
    inputs = math.prod(config.stem.cells(config.image_size))
    flops = parameters = 0
    if isinstance(config.stem, ConvPoolStem):
        kernel = config.image_channels * 7 * 7
        convolved = math.prod(-(-side // 2) for side in config.image_size)
        flops = 2 * convolved * kernel * config.stem.channels
        parameters = (kernel + 2) * config.stem.channels
    elif isinstance(config.stem, Conv1x1Stem):
        flops = 2 * inputs * config.image_channels * config.stem.channels
        parameters = map_parameters(config.image_channels, config.stem.channels)
    if not isinstance(config.positions, FourierConfig):
        table, projected = config.positions.channels, config.positions.projected_channels
        parameters += inputs * table + (map_parameters(table, projected) if projected else 0)
        flops += 2 * inputs * table * (projected or 0)
    return Layer("stem", inputs, flops, 0, parameters)


def _input_channels(config: ImageClassifierConfig) -> int:
    what = getattr(config.stem, "channels", None) or config.image_channels
    positions = config.positions
    if isinstance(positions, FourierConfig):
        return what + len(positions.max_resolution) * (2 * positions.num_bands + 1)
    return what + (positions.projected_channels or positions.channels)


def _read(encoder: EncoderConfig, inputs: int, channels: int, is_new: bool, table: int) -> Layer:
    latents, width = encoder.num_latents, encoder.latent_channels
    widths = {
        "qk_channels": encoder.qk_channels or channels,
        "v_channels": encoder.v_channels,
        "widening_factor": encoder.cross_widening_factor,
    }
    flops = sum(attend_flops(latents, inputs, width, channels, **widths).values())
    parameters = attend_parameters(width, channels, **widths) if is_new else 0
    map_bytes = NUMBER * encoder.cross_heads * latents * inputs
    return Layer("read", inputs, flops, map_bytes, parameters + table)


@cache
def _think(encoder: EncoderConfig, is_new: bool) -> Layer:
    latents, width = encoder.num_latents, encoder.latent_channels
    widths = {
        "qk_channels": encoder.qk_channels,
        "v_channels": encoder.v_channels,
        "widening_factor": encoder.self_widening_factor,
    }
    flops = sum(attend_flops(latents, latents, width, width, **widths).values())
    parameters = attend_parameters(width, **widths) if is_new else 0
    map_bytes = NUMBER * encoder.self_heads * latents**2
    return Layer("think", latents, flops, map_bytes, parameters)


def _answer(config: ImageClassifierConfig, latents: int, width: int) -> Layer:
    decoder, classes = config.decoder, config.num_classes
    widths = {"qk_channels": decoder.qk_channels or width, "v_channels": decoder.v_channels}
    flops = sum(attend_flops(1, latents, width, width, **widths).values()) + 2 * width * classes
    learned = attend_parameters(width, width, **widths) + width + map_parameters(width, classes)
    return Layer("answer", latents, flops, NUMBER * decoder.num_heads * latents, learned)


def _hiera_layers(config: HieraConfig) -> Iterator[Layer]:
    """Patches, blocks that pool at the beginning of a stage, the mean and its scores."""
    tokens, channels = math.prod(config.grid), config.embed_channels
    patch = COLOURS * math.prod(config.patch_kernel)
    learned = map_parameters(patch, channels) + tokens * channels
    yield Layer("patches", tokens, 2 * tokens * patch * channels, 0, learned)
    for stage, depth in enumerate(config.stages):
        if stage:
            yield _hiera_block(config, stage, is_first=True)
        yield from (_hiera_block(config, stage),) * (depth - bool(stage))
    last = config.channels(config.last_stage)
    after = math.prod(config.grid_after(config.last_stage, config.grid))
    scores = config.num_classes or 0
    learned = 2 * last + (map_parameters(last, scores) if scores else 0)
    yield Layer("scores", after, 2 * last * scores, 0, learned)


def _hiera_block(config: HieraConfig, stage: int, *, is_first: bool = False) -> Layer:
    before = stage - 1 if is_first else stage
    tokens, asking = (math.prod(config.grid_after(s, config.grid)) for s in (before, stage))
    channels, out = config.channels(before), config.channels(stage)
    window = config.unit_tokens(before) if config.mask_unit_attention[before] else tokens
    attended = 2 * 2 * asking * window * out
    flops = (
        2 * tokens * channels * 3 * out  # queries, keys, values
        + attended  # scores and mixtures
        + 2 * asking * out * out
        + 2 * 2 * asking * out * 4 * out
    )
    learned = (
        2 * channels
        + map_parameters(channels, 3 * out)
        + map_parameters(out, out)
        + 2 * out
        + map_parameters(out, 4 * out)
        + map_parameters(4 * out, out)
    )
    if channels != out:
        flops += 2 * tokens * channels * out
        learned += map_parameters(channels, out)
    map_bytes = NUMBER * config.num_heads * 2**stage * asking * window
    return Layer(f"stage {stage + 1}", tokens, flops, map_bytes, learned)


def _deit_layers(config: DeiTConfig) -> Iterator[Layer]:
    """Patches and the tokens in front of them, blocks of one and the same shape, heads."""
    tokens, channels = config.num_tokens, config.channels
    patch = COLOURS * config.patch_size**2
    learned = map_parameters(patch, channels) + (config.num_prefix_tokens + tokens) * channels
    yield Layer("patches", tokens, 2 * config.num_patches * patch * channels, 0, learned)
    widening = {"widening_factor": config.widening_factor}
    block = Layer(
        "block",
        tokens,
        sum(attend_flops(tokens, tokens, channels, channels, **widening).values()),
        NUMBER * config.num_heads * tokens**2,
        attend_parameters(channels, **widening),
    )
    yield from (block,) * config.depth
    heads = (1 + config.has_two_heads) * bool(config.num_classes)
    scores = config.num_classes or 0
    learned = 2 * channels + heads * map_parameters(channels, scores)
    yield Layer("scores", tokens, heads * 2 * channels * scores, 0, learned)
