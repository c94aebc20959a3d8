"""From a model's name, folder or configuration to how photographs are prepared for it."""

from pathlib import Path
from typing import Any

from .. import perceiver
from ..deit import DeiTConfig, DeiTMaskedImageConfig
from ..hiera import HieraConfig, HieraMAEConfig
from ..perceiver import ImageClassifierConfig
from .families import PUBLISHED
from .files import read_json
from .pictures import Preparation
from .processor_file import FILE, read_processor


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
