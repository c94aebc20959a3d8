"""What the letters in formulas of shapes stand for, in a model of the table of shapes."""

import math

from perceiver_tutorial.deit import DeiTConfig
from perceiver_tutorial.hiera import HieraConfig, HieraMAEConfig
from perceiver_tutorial.perceiver import (
    ImageClassifierConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PerceiverConfig,
    TextClassifierConfig,
)
from perceiver_tutorial.perceiver.config import ConvPoolStem, FourierConfig
from perceiver_tutorial.tracing.models import Config


def tables_of(config: Config) -> tuple[str, ...]:
    """The tables of `data/shapes.yaml` that tell about a model, the most special one last.

    Raises:
        ValueError: if none does.
    """
    picture = ("perceiver", "one answer", "picture")
    match config:
        case ImageClassifierConfig(stem=ConvPoolStem(padding=padding)):
            return *picture, "fourier", "conv", *(("conv of deepmind",) * (padding == "same"))
        case ImageClassifierConfig(positions=FourierConfig()):
            return *picture, "fourier"
        case ImageClassifierConfig():
            return *picture, "learned"
        case TextClassifierConfig():
            return "perceiver", "one answer", "text"
        case MaskedLanguageConfig():
            return "perceiver", "text", "language"
        case OpticalFlowConfig():
            return "perceiver", "flow"
        case MultimodalConfig():
            return "perceiver", "multimodal"
        case HieraMAEConfig():
            return "hiera", "mae"
        case HieraConfig(input_size=size, num_classes=classes):
            film = ("film",) * (len(size) == 3)
            return "hiera", "classified" if classes else "headless", *film
        case DeiTConfig(distilled=distilled):
            return "deit", *(("plain deit",) * (not distilled))
    raise ValueError(f"expected a model of the table of shapes, got {type(config).__name__}.")


def letters_of(config: Config, step: str) -> dict[str, int]:
    """What the capital letters stand for in one step of a model; data/shapes.yaml lists them.

    Args:
        config: of the model.
        step: its name in the walk: a letter may mean one thing in sound, another in images.

    >>> from perceiver_tutorial.perceiver import PUBLISHED
    >>> letters_of(PUBLISHED["deepmind/optical-flow-perceiver"], "queries")
    {'B': 1, 'H': 368, 'W': 496, 'K': 64, 'C': 64, 'N': 2048, 'D': 512}
    """
    match config:
        case HieraConfig():
            *frames, height, width = config.input_size
            letters = {"H": height, "W": width, "C": config.embed_channels, "A": config.num_heads}
            letters |= {"T": frames[0] if frames else None, "L": config.num_classes or None}
        case HieraMAEConfig(encoder=encoder, decoder_channels=width):
            seen = int(math.prod(encoder.units) * (1 - config.mask_ratio))
            letters = letters_of(encoder, step) | {"U": seen, "D": width}
        case DeiTConfig(image_size=(height, width)):
            letters = {"H": height, "W": width, "C": config.channels, "A": config.num_heads}
            letters |= {"F": config.widening_factor, "L": config.num_classes}
        case _:
            letters = _perceiver(config, step)
    return {"B": 1} | {letter: number for letter, number in letters.items() if number is not None}


def _perceiver(config: PerceiverConfig, step: str) -> dict[str, int | None]:
    encoder, decoder = config.encoder, config.decoder
    letters = _of_the_task(config, step)
    letters |= {"N": encoder.num_latents, "D": encoder.latent_channels}
    if step.startswith("encoder."):
        letters |= {"Q": encoder.qk_channels, "V": encoder.v_channels}
    if step.startswith("encoder.cross"):
        letters |= {"A": encoder.cross_heads, "F": encoder.cross_widening_factor}
    if step.startswith("encoder.blocks"):
        letters |= {"A": encoder.self_heads, "F": encoder.self_widening_factor}
        letters |= {"R": encoder.num_blocks, "S": encoder.layers_per_block}
    if step == "decoder.cross":
        letters |= {"A": decoder.num_heads, "Q": decoder.qk_channels, "V": decoder.v_channels}
    return letters


def _of_the_task(config: PerceiverConfig, step: str) -> dict[str, int | None]:
    match config:
        case ImageClassifierConfig(image_size=(height, width), positions=positions):
            letters = {"H": height, "W": width, "L": config.num_classes}
            letters |= {"C": getattr(config.stem, "channels", None)}
            if isinstance(positions, FourierConfig):
                return letters | {"K": positions.num_bands}
            return letters | {"P": positions.channels}
        case TextClassifierConfig():
            return {"M": config.max_bytes, "C": config.input_channels, "L": config.num_classes}
        case MaskedLanguageConfig():
            return {"M": config.max_bytes, "C": config.input_channels, "V": config.vocabulary}
        case OpticalFlowConfig(image_size=(height, width), positions=positions):
            numbers = height, width, positions.num_bands, config.patch_channels
            return dict(zip("HWKC", numbers, strict=True))
        case MultimodalConfig():
            return _of_modalities(config, step)
    return {}


def _of_modalities(config: MultimodalConfig, step: str) -> dict[str, int | None]:
    """Of one modality in its own steps; where all meet, their rows in one array."""
    image, audio = config.image, config.audio
    letters = {"L": config.label.num_classes, "Q": config.label.query_channels}
    letters |= {"E": config.output_channels}
    if "audio" in step:
        own = audio.num_samples, audio.samples_per_patch, audio.positions.num_bands
        return letters | dict(zip("SPK", own, strict=True))
    if "image" in step or step in ("raw", "answer"):
        own = image.num_frames, *image.image_size, image.patch_size, image.positions.num_bands
        return letters | dict(zip("THWPK", own, strict=True)) | {"S": audio.num_samples}
    inputs = {name: len(rows) for name, rows in config.input_rows.items()}
    rows = inputs if step.startswith(("preprocessor", "encoder")) else config.num_outputs
    return letters | {"I": rows["image"], "S": rows["audio"]}
