"""The three image classifiers: the same machine behind three stems."""

import math

from perceiver_tutorial.perceiver.config import (
    ConvPoolStem,
    FourierConfig,
    LearnedConfig,
    num_cells,
)
from perceiver_tutorial.perceiver.tasks import ImageClassifierConfig
from perceiver_tutorial.tracing.walk import Step

from .attends import attend_reasons
from .reason import Reason, chosen, fourier, linear, plus, times

KERNEL = 7


def image_reasons(config: ImageClassifierConfig, stage: Step) -> list[Reason]:
    """Where the numbers of one stage come from."""
    width, classes = config.encoder.latent_channels, config.num_classes
    match stage.name.split("."):
        case ["raw"]:
            return picture(config.image_size)
        case ["preprocessor", "what"]:
            return [_inputs(config), *_what(config)]
        case ["preprocessor", "where"]:
            return [_places(config), *_where(config)]
        case ["preprocessor"]:
            parts = _what_channels(config), _where_channels(config)
            because = "what is there, then where it is"
            return [_inputs(config), Reason(sum(parts), "channels", plus(parts), because)]
        case ["queries"]:
            return [chosen(1, "outputs", "one question for the whole picture"),
                    chosen(width, "query_channels", "as wide as the latents")]  # fmt: skip
        case ["decoder"]:
            return [chosen(1, "outputs", "one answer"),
                    chosen(width, "output_channels", "as wide as the query")]  # fmt: skip
        case ["postprocessor"]:
            return [chosen(classes, "classes", "ImageNet's"), linear(width, classes)]
        case ["answer"]:
            return [chosen(classes, "classes", "a score for each")]
    return attend_reasons(config.encoder, config.decoder, stage)


def picture(size: tuple[int, int]) -> list[Reason]:
    """Colours and pixels of a photograph."""
    numbers = 3 * math.prod(size)
    return [
        chosen(3, "colours", "red, green, blue"),
        chosen(size[0], "height", "rows of pixels"),
        chosen(size[1], "width", "columns of pixels"),
        Reason(numbers, "numbers", times(3, *size), "all of them together"),
    ]


def _grid(config: ImageClassifierConfig) -> tuple[int, int]:
    stem = config.stem
    if isinstance(stem, ConvPoolStem):
        return tuple(num_cells(n, stem.padding, stem.num_layers) for n in config.image_size)
    return tuple(n // stem.stride for n in config.image_size)


def _inputs(config: ImageClassifierConfig, what: str = "inputs") -> Reason:
    grid = _grid(config)
    one_each = grid == config.image_size
    because = (
        "one for each pixel" if one_each else "224 pixels halved are 112; the pool fits 55 times"
    )
    return Reason(math.prod(grid), what, times(*grid), because)


def _places(config: ImageClassifierConfig) -> Reason:
    return Reason(math.prod(_grid(config)), "points", times(*_grid(config)), "a place for each")


def _what_channels(config: ImageClassifierConfig) -> int:
    return getattr(config.stem, "channels", config.image_channels)


def _where_channels(config: ImageClassifierConfig) -> int:
    match config.positions:
        case FourierConfig(bands, resolution):
            return len(resolution) * (2 * bands + 1)
        case LearnedConfig(channels, projected):
            return projected or channels


def _what(config: ImageClassifierConfig) -> list[Reason]:
    channels, colours = _what_channels(config), config.image_channels
    if isinstance(config.stem, ConvPoolStem):
        terms = f"{times(colours, KERNEL, KERNEL, channels)} + 2 x {channels}"
        parameters = colours * KERNEL**2 * channels + 2 * channels
        return [
            chosen(channels, "channels", "of the convolution, chosen"),
            Reason(parameters, "parameters", terms, "a convolution, and a norm behind it"),
        ]
    if channels == colours:
        return [chosen(channels, "channels", "the colours as they are: nothing is learned")]
    return [chosen(channels, "channels", "chosen"), linear(colours, channels)]


def _where(config: ImageClassifierConfig) -> list[Reason]:
    channels, points = _where_channels(config), math.prod(_grid(config))
    match config.positions:
        case FourierConfig(bands, resolution):
            terms = fourier(len(resolution), bands)
            because = "each coordinate, its sines and its cosines"
            return [Reason(channels, "position_channels", terms, because)]
        case LearnedConfig(width):
            terms = f"{times(points, width)} + {times(width, channels)} + {channels}"
            return [
                chosen(channels, "position_channels", "chosen"),
                Reason(points * width + width * channels + channels, "parameters", terms,
                       "a row for each place, then a linear map"),
            ]  # fmt: skip
