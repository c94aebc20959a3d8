"""Hiera: wherever tokens get fewer, their channels double."""

import math

from perceiver_tutorial.hiera import HieraConfig, HieraMAEConfig
from perceiver_tutorial.hiera.targets import predicted_side
from perceiver_tutorial.tracing.walk import Step

from .reason import Reason, chosen, plus, times


def hiera_reasons(config: HieraConfig, stage: Step) -> list[Reason]:
    """Where the numbers of one stage of the classifier come from."""
    match stage.name.split("."):
        case ["encoder", "stages", number, block]:
            tokens = _tokens(config, int(number), math.prod(config.grid))
            return _block(config, int(number), block == "0", tokens, stage)
        case ["answer"]:
            return _answer(config)
    return _start(config, stage)


def mae_reasons(config: HieraMAEConfig, stage: Step) -> list[Reason]:
    """Where the numbers of one stage of the pre-training come from."""
    encoder, last = config.encoder, config.encoder.last_stage
    unit = math.prod(encoder.mask_unit)
    kept = _kept(config)
    match stage.name.split("."):
        case ["encoder", "stages", "0", _]:
            because = f"{kept} mask units are kept, of {unit} tokens each"
            tokens = Reason(kept * unit, "pooled", times(kept, unit), because)
            return _block(encoder, 0, True, tokens, stage)
        case ["encoder", "stages", number, block]:
            tokens = _tokens(encoder, int(number), kept * unit)
            return _block(encoder, int(number), block == "0", tokens, stage)
        case ["fuse"]:
            side = encoder.grid_after(last, encoder.mask_unit)
            return [
                _kept_reason(config),
                *(chosen(n, "unit_grid", "what is left of a mask unit's side") for n in side),
                chosen(encoder.channels(last), "channels", "those of the last stage"),
            ]
        case ["decoder", *rest]:
            rows = _all_tokens(encoder, "pooled" if rest else "tokens")
            return [rows, _decoded(config, is_block=bool(rest))]
        case ["answer"]:
            return [_all_tokens(encoder, "tokens"), _decoded(config, is_block=False)]
    return _start(encoder, stage)


def _start(config: HieraConfig, stage: Step) -> list[Reason]:
    *times_, height, width = config.input_size
    tokens = Reason(math.prod(config.grid), "tokens", times(*config.grid), _strides(config))
    channels = chosen(config.embed_channels, "channels", "the first stage's, chosen")
    match stage.name.split("."):
        case ["raw"]:
            frames = [chosen(n, "frames", "of the film") for n in times_]
            return [*frames, chosen(3, "3", "red, green, blue"),
                    chosen(height, "height", "rows of pixels"),
                    chosen(width, "width", "columns of pixels")]  # fmt: skip
        case ["encoder", "to_patches"]:
            window = (3, *config.patch_kernel, config.embed_channels)
            terms = f"{times(*window)} + {config.embed_channels}"
            return [tokens, channels,
                    Reason(math.prod(window) + config.embed_channels, "parameters", terms,
                           "a convolution whose windows overlap")]  # fmt: skip
        case ["encoder", "positions"]:
            return [tokens, channels, _table(config)]
    return []


def _strides(config: HieraConfig) -> str:
    unit = "pixels of 2 frames" if len(config.input_size) == 3 else "pixels"
    steps = " x ".join(map(str, config.patch_stride[-2:]))
    return f"one for every {steps} {unit}"


def _table(config: HieraConfig) -> Reason:
    frames, *places = config.grid if config.positions == "separate" else (0, *config.grid)
    rows, width = math.prod(places), config.embed_channels
    if not frames:
        return Reason(rows * width, "parameters", times(rows, width), "a row for each token")
    terms = f"({plus((rows, frames))}) x {width}"
    return Reason((rows + frames) * width, "parameters", terms, "a row for each place and time")


def _tokens(config: HieraConfig, stage: int, first: int) -> Reason:
    """Tokens of a stage, from those of the first."""
    pool = math.prod(config.pool)
    before = first // pool ** min(max(stage - 1, 0), config.num_pools)
    if 0 < stage <= config.num_pools:
        because = f"pooling keeps the greatest of {' x '.join(map(str, config.pool))} tokens"
        return Reason(before // pool, "pooled", f"{before:,} / {pool}", because)
    return chosen(before, "pooled", "as before: this stage does not pool")


def _block(
    config: HieraConfig, number: int, is_first: bool, tokens: Reason, stage: Step
) -> list[Reason]:
    """A stage's first block pools and widens; the others keep both sizes."""
    width = config.channels(number)
    if number and is_first:
        channels = Reason(width, "out_channels", times(2, width // 2), "twice those before")
    else:
        tokens = tokens if number == 0 else chosen(tokens.value, "pooled", "as in the first block")
        channels = chosen(width, "out_channels", "as before")
    before = number - 1 if number and is_first else number
    return [tokens, channels, _seen(config, before, stage), _heads(config, number)]


def _seen(config: HieraConfig, before: int, stage: Step) -> Reason:
    """How many tokens one token reads: those of its mask unit, or all."""
    if not config.mask_unit_attention[before]:
        return chosen(stage.inputs[0].sizes[1], "tokens read by each", "all of them")
    side = config.grid_after(before, config.mask_unit)
    return Reason(math.prod(side), "tokens read by each", times(*side), "those of its mask unit")


def _heads(config: HieraConfig, number: int) -> Reason:
    heads, width = config.num_heads * 2**number, config.channels(number)
    return Reason(heads, "heads", f"{width:,} / {width // heads}", "channels by channels of a head")


def _answer(config: HieraConfig) -> list[Reason]:
    width = config.channels(config.last_stage)
    if config.num_classes is None:
        return [chosen(width, "classes", "none yet: the mean of the last tokens as it is")]
    data = "Kinetics-400's" if len(config.input_size) == 3 else "ImageNet's"
    return [chosen(config.num_classes, "classes", f"{data}; a linear map of {width:,} channels")]


def _kept(config: HieraMAEConfig) -> int:
    return int(math.prod(config.encoder.units) * (1 - config.mask_ratio))


def _kept_reason(config: HieraMAEConfig) -> Reason:
    units, hidden = math.prod(config.encoder.units), math.prod(config.encoder.units) - _kept(config)
    return Reason(_kept(config), "kept", f"{units} - {hidden}", "mask units but for the hidden")


def _all_tokens(config: HieraConfig, what: str) -> Reason:
    grid = config.grid_after(config.last_stage, config.grid)
    return Reason(math.prod(grid), what, times(*grid), "seen or not: hidden ones are put back")


def _decoded(config: HieraMAEConfig, is_block: bool) -> Reason:
    if is_block:
        return chosen(config.decoder_channels, "out_channels", "the decoder's, chosen")
    side = predicted_side(config.encoder)
    return Reason(3 * math.prod(side), "pixels", times(3, *side), "colours of a token's square")
