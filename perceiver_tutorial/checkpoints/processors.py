"""How photographs are prepared for a model: from its name, its configuration or its folder.

A folder says it in preprocessor_config.json, as transformers writes it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from .. import perceiver
from ..deit import DeiTConfig, DeiTMaskedImageConfig
from ..hiera import HieraConfig, HieraMAEConfig
from ..perceiver import ImageClassifierConfig
from .families import PUBLISHED
from .files import read_json
from .pictures import HALF, Preparation

FILE = "preprocessor_config.json"
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

# What transformers' classes assume where the file is silent.
HALVES = {"image_mean": HALF, "image_std": HALF}
IMAGENET = {"image_mean": Preparation.mean, "image_std": Preparation.std}
DEFAULTS: dict[str, dict[str, Any]] = {
    "Perceiver": {"size": 224, "crop_size": 256, "resample": 3, **IMAGENET},
    "DeiT": {"size": 256, "crop_size": 224, "resample": 3, **HALVES},
    "ViT": {"size": 224, "do_center_crop": False, "resample": 2, **HALVES},
    "Bit": {
        "size": {"shortest_edge": 224},
        "crop_size": 224,
        "resample": 3,
        "image_mean": CLIP_MEAN,
        "image_std": CLIP_STD,
    },
}
SWITCHES = ("do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb")
TYPES = ("image_processor_type", "feature_extractor_type")
UNDERSTOOD = {*SWITCHES, *TYPES, "size", "crop_size", "resample", "rescale_factor",
              "image_mean", "image_std"}  # fmt: skip
# Who wrote the file, and what becomes of the numbers afterwards: nothing for us to do.
HARMLESS = {"processor_class", "_processor_class", "_valid_processor_keys", "return_tensors",
            "data_format", "input_data_format", "device", "disable_grouping"}  # fmt: skip


def processor(name_or_folder: str | Path, *, as_measured: bool = False) -> Preparation:
    """How photographs are prepared for a model, from its name or from its folder.

    Args:
        name_or_folder: a published name, or a folder with a preprocessor_config.json as
            transformers writes it.
        as_measured: for a published DeiT, keep the picture's shape, as its authors did
            when they measured its accuracy; transformers squashes it. Changes nothing
            for the others.

    Returns:
        A function from a PIL image to a batch of one.

    Raises:
        FileNotFoundError: if there is neither such a name nor such a file.
        ValueError: if the model takes no photographs, or the file asks for what cannot be
            done here.
    """
    config = PUBLISHED.get(str(name_or_folder))
    if config is not None:
        return preparation(config, as_measured=as_measured)
    file = Path(name_or_folder) / FILE
    if not file.is_file():
        raise FileNotFoundError(
            f"expected a published name, or a folder with a {FILE}, got {str(name_or_folder)!r}. "
            "For a model without one: preparation(model.config)."
        )
    return read_processor(read_json(file))


def preparation(config: Any, *, as_measured: bool = False) -> Preparation:
    """How the published models of a family want photographs, at a model's own size.

    Args:
        config: of an image model.
        as_measured: see `processor`.

    Raises:
        ValueError: if the model takes something else than one square photograph.
    """
    match config:
        case ImageClassifierConfig(image_channels=3):
            return Preparation(share=0.875, size=config.image_size)
        case HieraConfig(input_size=(height, width)):
            return Preparation(size=_larger(height, width), crop=width)
        case HieraMAEConfig():
            return preparation(config.encoder)
        case DeiTConfig(image_size=(height, width)):
            larger = _larger(height, width)
            return Preparation(size=larger if as_measured else (larger, larger), crop=width)
        case DeiTMaskedImageConfig():
            return preparation(config.encoder, as_measured=as_measured)
    raise ValueError(
        f"expected a model that takes a photograph, got one that takes {_what_it_takes(config)}"
    )


def _larger(height: int, width: int) -> int:
    """256 for 224 pixels, 438 for 384: what is resized to, before the middle is cut out."""
    if height != width:
        raise ValueError(
            f"expected a model for square pictures, got one for {height} x {width}: nobody "
            "published how pictures are cut for it. Make a Preparation of your own."
        )
    return int(height / 0.875)


def _what_it_takes(config: Any) -> str:
    match config:
        case perceiver.MaskedLanguageConfig() | perceiver.TextClassifierConfig():
            return "text. perceiver.encode_text(text) makes the numbers for it."
        case perceiver.OpticalFlowConfig():
            return (
                "two pictures of one scene, with colours from -1 to 1. perceiver.predict_flow "
                "takes them in any size."
            )
        case perceiver.MultimodalConfig():
            return (
                "a video, its sound and a label: a dictionary with 'image' from 0 to 1, 'audio' "
                "from -1 to 1, and 'label'."
            )
        case HieraConfig(input_size=(frames, height, width)):
            return (
                f"a video of {frames} frames of {height} x {width} pixels: prepare each frame "
                "as for a Hiera of pictures, and stack them."
            )
    return f"something else ({type(config).__name__}): see config.example_input()."


def read_processor(published: Mapping[str, Any]) -> Preparation:
    """Preparation that transformers' file describes.

    Args:
        published: what preprocessor_config.json holds.

    Raises:
        ValueError: naming what is not understood.
    """
    kind = _kind(published)
    _refuse_unknown(published)
    settings = {**DEFAULTS[kind], **{k: v for k, v in published.items() if v is not None}}
    if not settings.get("do_rescale", True) or not _is_8_bit(settings.get("rescale_factor")):
        raise _refusal("colours divided by 255", settings, "do_rescale", "rescale_factor")
    normalised = settings.get("do_normalize", True)
    common = {
        "mean": _colour(settings["image_mean"]) if normalised else (0.0, 0.0, 0.0),
        "std": _colour(settings["image_std"]) if normalised else (1.0, 1.0, 1.0),
        "resampling": _resampling(settings["resample"]),
    }
    size = _size(settings, kind) if settings.get("do_resize", True) else None
    if not settings.get("do_center_crop", True):
        return Preparation(size=size, **common)
    crop = _square(settings, "crop_size")
    if kind != "Perceiver":
        return Preparation(size=size, crop=crop, **common)
    share = _square(settings, "size") / crop
    if share > 1:
        raise _refusal("a size of at most crop_size", settings, "size", "crop_size")
    return Preparation(share=share, size=size, **common)


def _kind(published: Mapping[str, Any]) -> str:
    said = next((str(published[key]) for key in TYPES if published.get(key)), "nothing")
    kind = said.split("ImageProcessor")[0].split("FeatureExtractor")[0]
    if kind not in DEFAULTS:
        names = ", ".join(f"{name}ImageProcessor" for name in DEFAULTS)
        raise ValueError(
            f"expected image_processor_type in {FILE} to be one of {names}, got {said}. Make a "
            "Preparation of your own."
        )
    return kind


def _refuse_unknown(published: Mapping[str, Any]) -> None:
    unknown = [k for k in published if k not in UNDERSTOOD | HARMLESS and published[k]]
    if unknown:
        raise _refusal(f"a {FILE} of what published models need", published, *unknown)


def _is_8_bit(factor: Any) -> bool:
    return factor is None or (isinstance(factor, float) and abs(factor * 255 - 1) < 1e-6)


def _colour(numbers: Any) -> tuple[float, float, float]:
    if isinstance(numbers, int | float):
        return (float(numbers),) * 3
    is_three = isinstance(numbers, list | tuple) and len(numbers) == 3
    if not is_three or not all(isinstance(number, int | float) for number in numbers):
        raise ValueError(
            f"expected one number for each of three colours in {FILE}, got {numbers}. Models "
            "for other pictures need a Preparation of your own."
        )
    red, green, blue = map(float, numbers)
    return red, green, blue


def _resampling(number: Any) -> Image.Resampling:
    try:
        return Image.Resampling(number)
    except ValueError as error:
        known = ", ".join(f"{kind.value} ({kind.name.lower()})" for kind in Image.Resampling)
        raise ValueError(f"expected resample in {FILE} as {known}, got {number!r}.") from error


def _size(settings: Mapping[str, Any], kind: str) -> tuple[int, int] | int:
    match settings["size"]:
        case int(side):
            return side if kind == "Bit" else (side, side)
        case {"shortest_edge": int(side), **others} if not others and kind != "Perceiver":
            return side
        case {"height": int(height), "width": int(width), **others} if not others:
            return height, width
    raise _refusal("size as height and width, or as shortest_edge", settings, "size")


def _square(settings: Mapping[str, Any], name: str) -> int:
    match settings.get(name):
        case int(side) if side > 0:
            return side
        case {"height": int(height), "width": int(width), **others} if not others:
            if height == width > 0:
                return height
    raise _refusal(f"{name} as equal height and width", settings, name)


def _refusal(expected: str, settings: Mapping[str, Any], *names: str) -> ValueError:
    got = ", ".join(f"{name}={settings.get(name)!r}" for name in names)
    return ValueError(f"expected {expected}, got {got}. Make a Preparation of your own.")
