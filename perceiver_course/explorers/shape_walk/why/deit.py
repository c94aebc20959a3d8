"""DeiT: patches and one or two tokens more, alike from the first block to the last."""

from perceiver_tutorial.deit import DeiTConfig
from perceiver_tutorial.tracing.walk import Step

from ....kit.formulas import attend_flops, attend_parameters
from .reason import Reason, chosen, linear, plus, times


def deit_reasons(config: DeiTConfig, stage: Step) -> list[Reason]:
    """Where the numbers of one stage come from."""
    width, classes = config.channels, config.num_classes
    match stage.name.split("."):
        case ["raw"]:
            height, wide = config.image_size
            return [chosen(3, "3", "red, green, blue"), chosen(height, "height", "rows of pixels"),
                    chosen(wide, "width", "columns of pixels")]  # fmt: skip
        case ["encoder", "to_patches"]:
            return [_patches(config), chosen(width, "channels", "chosen"), _convolution(config)]
        case ["encoder", "to_tokens"]:
            return [_tokens(config, "tokens"), chosen(width, "channels", "as before"),
                    _rows(config)]  # fmt: skip
        case ["encoder", "blocks", _]:
            return [_tokens(config, "positions"), chosen(width, "channels", "as before"),
                    *_block(config)]  # fmt: skip
        case ["encoder"]:
            return [_tokens(config, "tokens"),
                    chosen(width, "channels", "the same all the way")]  # fmt: skip
        case ["class_head"] | ["distillation_head"]:
            which = stage.name.split("_")[0]
            return [chosen(classes, "classes", f"read from the {which} token alone"),
                    linear(width, classes)]  # fmt: skip
        case ["answer"]:
            return [chosen(classes, "classes", "ImageNet's, a score for each")]
    return []


def _patches(config: DeiTConfig) -> Reason:
    side = config.patch_size
    return Reason(
        config.num_patches, "patches", times(*config.grid), f"squares of {side} x {side} pixels"
    )


def _convolution(config: DeiTConfig) -> Reason:
    window = (3, config.patch_size, config.patch_size, config.channels)
    inputs = 3 * config.patch_size**2
    terms = f"{times(*window)} + {config.channels}"
    because = "a linear map of every square"
    return Reason((inputs + 1) * config.channels, "parameters", terms, because)


def _tokens(config: DeiTConfig, what: str) -> Reason:
    terms = plus((config.num_patches, *(1,) * config.num_prefix_tokens))
    because = "patches, class token, distillation token" if config.distilled else (
        "patches and the class token"
    )  # fmt: skip
    return Reason(config.num_tokens, what, terms, because)


def _rows(config: DeiTConfig) -> Reason:
    rows = config.num_tokens + config.num_prefix_tokens
    terms = f"({plus((config.num_tokens, config.num_prefix_tokens))}) x {config.channels}"
    because = "a position for each token, and the tokens that are learned"
    return Reason(rows * config.channels, "parameters", terms, because)


def _block(config: DeiTConfig) -> list[Reason]:
    tokens, width, heads = config.num_tokens, config.channels, config.num_heads
    sizes = {"widening_factor": config.widening_factor}
    flops = attend_flops(tokens, tokens, width, width, **sizes)
    each = attend_parameters(width, **sizes)
    most = max(flops, key=flops.__getitem__)
    share = round(100 * flops[most] / sum(flops.values()))
    return [
        Reason(tokens**2, "attention weights", times(tokens, tokens), "tokens x tokens, per head"),
        Reason(heads, "heads", f"{width} / {width // heads}", "channels by channels of a head"),
        Reason(config.depth * each, "parameters", times(config.depth, each), "blocks, each alike"),
        chosen(sum(flops.values()), "operations", f"in one run, {share} % of them for the {most}"),
    ]
