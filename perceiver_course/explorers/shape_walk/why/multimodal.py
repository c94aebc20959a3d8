"""Video, sound and label: each counted its own way, then brought to one width."""

import math

from perceiver_tutorial.perceiver.tasks import MultimodalConfig
from perceiver_tutorial.tracing.walk import Step

from .attends import attend_reasons
from .reason import Reason, chosen, fourier, linear, plus, times


def multimodal_reasons(config: MultimodalConfig, stage: Step) -> list[Reason]:
    """Where the numbers of one stage come from."""
    match stage.name.split("."):
        case ["raw"] | ["answer"]:
            return _raw(config, "audio_channels" if stage.name == "raw" else None)
        case ["preprocessor", "modalities", name]:
            return _inputs(config)[name]
        case ["queries", "modalities", name]:
            return _queries(config)[name]
        case [("preprocessor" | "queries") as part, "pad"]:
            return _padded(config, part, stage)
        case ["preprocessor"]:
            rows = [reasons[0].value for reasons in _inputs(config).values()]
            return [Reason(sum(rows), "inputs", plus(rows), "end to end"), _common(config, stage)]
        case ["queries"]:
            return [*_rows(config), _common(config, stage)]
        case ["decoder", "decoder"]:
            rows = config.num_outputs.values()
            total = Reason(sum(rows), "outputs", plus(rows), "audio, image, label")
            return [total, chosen(config.output_channels, "output_channels")]
        case ["decoder"]:
            return [*_rows(config), chosen(config.output_channels, "output_channels")]
        case ["postprocessor", "modalities", name]:
            return _answers(config)[name]
        case ["postprocessor"]:
            every = _answers(config).values()
            parts = [reasons[-1].value for reasons in every]
            total = Reason(sum(parts), "parameters", plus(parts), "three linear maps")
            return [*(reason for reasons in every for reason in reasons[:-1]), total]
    return attend_reasons(config.encoder, config.decoder, stage)


def _raw(config: MultimodalConfig, of_sound: str | None) -> list[Reason]:
    image = config.image
    sound = [chosen(1, of_sound, "one microphone")] if of_sound else []
    return [
        chosen(image.num_frames, "frames", "of the film"),
        chosen(3, "colours", "red, green, blue"),
        chosen(image.image_size[0], "height", "rows of pixels"),
        chosen(image.image_size[1], "width", "columns of pixels"),
        chosen(config.audio.num_samples, "samples", "of the sound"),
        *sound,
        chosen(config.label.num_classes, "classes", "Kinetics-700's"),
    ]


def _inputs(config: MultimodalConfig) -> dict[str, list[Reason]]:
    image, audio = config.image, config.audio
    grid = (image.num_frames, *(side // image.patch_size for side in image.image_size))
    folded = 3 * image.patch_size**2
    where_image, where_audio = _where(config, "image"), _where(config, "audio")
    return {
        "audio": [
            _per_patch(config, "inputs"),
            Reason(audio.samples_per_patch + where_audio, "channels",
                   f"{audio.samples_per_patch} + {_fourier(config, 'audio')}", "samples, place"),
        ],
        "image": [
            Reason(math.prod(grid), "inputs", times(*grid), "patches of 4 x 4 pixels"),
            Reason(folded + where_image, "channels",
                   f"{times(3, image.patch_size, image.patch_size)} + {_fourier(config, 'image')}",
                   "colours, place"),
        ],
        "label": [chosen(1, "inputs", "one label"),
                  chosen(config.label.num_classes, "channels", "a one for its class, else zeros")],
    }  # fmt: skip


def _queries(config: MultimodalConfig) -> dict[str, list[Reason]]:
    size = (config.image.num_frames, *config.image.image_size)
    width, place = config.label.query_channels, "its place"
    return {
        "audio": [
            _per_patch(config, "outputs"),
            Reason(_where(config, "audio"), "query_channels", _fourier(config, "audio"), place),
        ],
        "image": [
            Reason(math.prod(size), "outputs", times(*size), "a question for each pixel"),
            Reason(_where(config, "image"), "query_channels", _fourier(config, "image"), place),
        ],
        "label": [chosen(1, "outputs", "one question"),
                  chosen(width, "query_channels", "learned"),
                  chosen(width, "parameters", "the question itself")],
    }  # fmt: skip


def _answers(config: MultimodalConfig) -> dict[str, list[Reason]]:
    """Sizes; what comes last are the parameters."""
    width, audio = config.output_channels, config.audio
    patches = config.num_outputs["audio"]
    return {
        "audio": [
            Reason(audio.num_samples, "samples", times(patches, audio.samples_per_patch),
                   "patches unfolded"),
            linear(width, audio.samples_per_patch),
        ],
        "image": [chosen(config.num_outputs["image"], "outputs", "one for each pixel"),
                  chosen(3, "colours", "red, green, blue"), linear(width, 3)],
        "label": [chosen(config.label.num_classes, "classes", "a score for each"),
                  linear(width, config.label.num_classes)],
    }  # fmt: skip


def _padded(config: MultimodalConfig, part: str, stage: Step) -> list[Reason]:
    every = _inputs(config) if part == "preprocessor" else _queries(config)
    _, rows, width = stage.inputs[0].sizes
    name = next(name for name, reasons in every.items() if reasons[0].value == rows)
    common = _width(config, part)
    filled = plus((width, common - width))
    return [
        chosen(rows, "rows", f"those of the {name}"),
        Reason(common, "common_channels", filled, "what is missing is learned, alike in all rows"),
    ]


def _common(config: MultimodalConfig, stage: Step) -> Reason:
    what = "channels" if stage.name == "preprocessor" else "query_channels"
    common, widest = _width(config, stage.name), _widest(config, stage.name)
    because = "the widest, and a few more to tell them apart"
    return Reason(common, what, plus((widest, common - widest)), because)


def _width(config: MultimodalConfig, part: str) -> int:
    padding = config.input_padding if part == "preprocessor" else config.query_padding
    return _widest(config, part) + padding


def _widest(config: MultimodalConfig, part: str) -> int:
    every = _inputs(config) if part == "preprocessor" else _queries(config)
    return max(reasons[1].value for reasons in every.values())


def _rows(config: MultimodalConfig) -> list[Reason]:
    return [chosen(rows, "outputs", f"of the {name}") for name, rows in config.num_outputs.items()]


def _per_patch(config: MultimodalConfig, what: str) -> Reason:
    samples, side = config.audio.num_samples, config.audio.samples_per_patch
    return Reason(samples // side, what, f"{samples:,} / {side}", f"patches of {side} samples")


def _where(config: MultimodalConfig, name: str) -> int:
    positions = getattr(config, name).positions
    return len(positions.max_resolution) * (2 * positions.num_bands + 1)


def _fourier(config: MultimodalConfig, name: str) -> str:
    positions = getattr(config, name).positions
    return fourier(len(positions.max_resolution), positions.num_bands)
