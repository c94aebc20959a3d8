"""Optical flow: the inputs themselves are the questions."""

import math

from perceiver_tutorial.perceiver.tasks import OpticalFlowConfig
from perceiver_tutorial.tracing.walk import Step

from .attends import attend_reasons
from .reason import Reason, chosen, fourier, linear, plus, times

FRAMES, SIDE, COLOURS = 2, 3, 3
NEIGHBOURHOOD = SIDE * SIDE * COLOURS


def flow_reasons(config: OpticalFlowConfig, stage: Step) -> list[Reason]:
    """Where the numbers of one stage come from."""
    match stage.name.split("."):
        case ["raw"]:
            return _raw(config)
        case ["preprocessor", "what"]:
            both = FRAMES * NEIGHBOURHOOD
            return [_pixels(config, "inputs"),
                    chosen(config.patch_channels, "channels", f"a linear map of 2 x 27 = {both}"),
                    linear(both, config.patch_channels)]  # fmt: skip
        case ["preprocessor", "where"]:
            terms = fourier(len(config.image_size), config.positions.num_bands)
            return [_pixels(config, "points"),
                    Reason(_where(config), "position_channels", terms,
                           "each coordinate, its sines and its cosines")]  # fmt: skip
        case ["preprocessor"]:
            return [_pixels(config, "inputs"), _width(config, "channels")]
        case ["queries"]:
            return [_pixels(config, "outputs"), _width(config, "channels")]
        case ["decoder"]:
            return [_pixels(config, "outputs"), _width(config, "output_channels")]
        case ["postprocessor"]:
            return [_pixels(config, "outputs"), _motion(), linear(_channels(config), 2)]
        case ["answer"]:
            return [*_sides(config), _motion()]
    return attend_reasons(config.encoder, config.decoder, stage)


def _raw(config: OpticalFlowConfig) -> list[Reason]:
    because = "a pixel and its 8 neighbours, 3 colours each"
    return [
        chosen(FRAMES, "frames", "before and after"),
        Reason(NEIGHBOURHOOD, "colours", times(SIDE, SIDE, COLOURS), because),
        *_sides(config),
    ]


def _sides(config: OpticalFlowConfig) -> list[Reason]:
    height, width = config.image_size
    return [chosen(height, "height", "rows of pixels"), chosen(width, "width", "columns of pixels")]


def _pixels(config: OpticalFlowConfig, what: str) -> Reason:
    size = config.image_size
    return Reason(math.prod(size), what, times(*size), "one for each pixel, both frames in it")


def _where(config: OpticalFlowConfig) -> int:
    return len(config.image_size) * (2 * config.positions.num_bands + 1)


def _channels(config: OpticalFlowConfig) -> int:
    return config.patch_channels + _where(config)


def _width(config: OpticalFlowConfig, what: str) -> Reason:
    parts = config.patch_channels, _where(config)
    return Reason(sum(parts), what, plus(parts), "what is there, then where it is")


def _motion() -> Reason:
    return chosen(2, "xy", "pixels to the right, pixels down")
