"""Golden files: small models of DeepMind's own code, with their sizes in a .json beside them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...perceiver import (
    AudioConfig,
    Conv1x1Stem,
    ConvPoolStem,
    DecoderConfig,
    EncoderConfig,
    FourierConfig,
    ImageClassifierConfig,
    LabelConfig,
    LearnedConfig,
    MaskedLanguageConfig,
    MultimodalConfig,
    OpticalFlowConfig,
    PerceiverConfig,
    PixelStem,
    VideoConfig,
)
from .deepmind_names import NAMES


def read_golden(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights under DeepMind's names, and the sizes that stand in the .json beside the file.

    Raises:
        ValueError: if there is no such .json.
    """
    sizes = file.with_suffix(".json")
    if not sizes.exists():
        raise ValueError(f"expected the sizes of {file.name} in {sizes.name} beside it.")
    with np.load(file, allow_pickle=False) as arrays:
        state = {
            key.split("::", 1)[1]: torch.from_numpy(arrays[key])
            for key in arrays.files
            if key.startswith(("p::", "s::")) and not key.endswith(("//counter", "//hidden"))
        }
    return state, json.loads(sizes.read_text())


def _encoder(sizes: Mapping[str, Any]) -> EncoderConfig:
    return EncoderConfig(
        num_latents=sizes["num_latents"],
        latent_channels=sizes["latent_channels"],
        num_blocks=sizes["num_blocks"],
        self_attends_per_block=sizes["self_attends_per_block"],
        self_heads=sizes["self_heads"],
        cross_heads=sizes["cross_heads"],
        qk_channels=sizes.get("qk_channels"),
        v_channels=sizes.get("v_channels"),
    )


def _decoder(sizes: Mapping[str, Any]) -> DecoderConfig:
    return DecoderConfig(
        query_residual=sizes["decoder_query_residual"],
        num_heads=sizes.get("decoder_heads", 1),
        qk_channels=sizes.get("decoder_qk_channels"),
        v_channels=sizes.get("decoder_v_channels"),
    )


def _fourier(sizes: Mapping[str, Any], prefix: str = "") -> FourierConfig:
    return FourierConfig(sizes[f"{prefix}num_bands"], tuple(sizes[f"{prefix}max_resolution"]))


def _image_classifier(stem, positions, sizes: Mapping[str, Any]) -> ImageClassifierConfig:
    return ImageClassifierConfig(
        encoder=_encoder(sizes),
        stem=stem,
        positions=positions,
        image_size=tuple(sizes["image_size"]),
        num_classes=sizes["num_classes"],
        decoder=_decoder(sizes),
    )


def _masked_language(sizes: Mapping[str, Any]) -> MaskedLanguageConfig:
    return MaskedLanguageConfig(
        encoder=_encoder(sizes),
        decoder=_decoder(sizes),
        input_channels=sizes["input_channels"],
        max_bytes=sizes["num_positions"],
        vocabulary=sizes["vocabulary"],
    )


def _optical_flow(sizes: Mapping[str, Any]) -> OpticalFlowConfig:
    return OpticalFlowConfig(
        encoder=_encoder(sizes),
        positions=_fourier(sizes),
        image_size=tuple(sizes["image_size"]),
        patch_channels=sizes["patch_channels_after_linear"],
        divide_by=sizes["divide_flow_by"],
        decoder=_decoder(sizes),
    )


def _multimodal(sizes: Mapping[str, Any]) -> MultimodalConfig:
    return MultimodalConfig(
        encoder=_encoder(sizes),
        image=VideoConfig(
            num_frames=sizes["num_frames"],
            image_size=tuple(sizes["image_size"]),
            patch_size=sizes["space_to_depth"],
            positions=_fourier(sizes, "image_"),
        ),
        audio=AudioConfig(
            num_samples=sizes["audio_samples"],
            samples_per_patch=sizes["samples_per_patch"],
            positions=_fourier(sizes, "audio_"),
        ),
        label=LabelConfig(
            num_classes=sizes["num_classes"],
            query_channels=sizes["label_query_channels"],
            mask_probability=sizes["label_mask_probability"],
        ),
        output_channels=sizes["output_channels"],
        input_padding=sizes["input_padding_min"],
        query_padding=sizes["query_padding_min"],
        decoder=_decoder(sizes),
    )


def config_from_golden(sizes: Mapping[str, Any]) -> PerceiverConfig:
    """Our configuration of a golden file's model.

    Args:
        sizes: the contents of its .json.

    Raises:
        ValueError: if its family is not a published one.
    """
    match sizes.get("family"):
        case "vision-perceiver-fourier":
            return _image_classifier(PixelStem(), _fourier(sizes), sizes)
        case "vision-perceiver-learned":
            width = sizes["position_channels"], sizes["projected_position_channels"]
            stem = Conv1x1Stem(sizes["conv_channels"])
            return _image_classifier(stem, LearnedConfig(*width), sizes)
        case "vision-perceiver-conv":
            return _image_classifier(ConvPoolStem(sizes["conv_channels"]), _fourier(sizes), sizes)
        case "language-perceiver":
            return _masked_language(sizes)
        case "optical-flow-perceiver":
            return _optical_flow(sizes)
        case "multimodal-perceiver":
            return _multimodal(sizes)
    raise ValueError(f"expected a family from {', '.join(NAMES)}, got {sizes.get('family')}.")
