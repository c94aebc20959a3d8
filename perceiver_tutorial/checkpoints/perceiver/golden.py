"""The sizes of a model of DeepMind's own code, as they stand in a .json beside its weights."""

from collections.abc import Mapping
from typing import Any

from ...perceiver import PUBLISHED, PerceiverConfig, with_fidelity
from ..fields import Fields, check_kept
from ..layout import KEEP, Table
from ..transforms import AS_TUPLE
from .config import built_like

WIDTHS = ("qk_channels", "v_channels", "decoder_qk_channels", "decoder_v_channels")
SHARED = {
    "num_latents": "encoder.num_latents",
    "latent_channels": "encoder.latent_channels",
    "num_blocks": "encoder.num_blocks",
    "self_attends_per_block": "encoder.layers_per_block",
    "self_heads": "encoder.self_heads",
    "cross_heads": "encoder.cross_heads",
    "qk_channels": "encoder.qk_channels",
    "v_channels": "encoder.v_channels",
    "decoder_query_residual": "decoder.query_residual",
    "decoder_heads": "decoder.num_heads",
    "decoder_qk_channels": "decoder.qk_channels",
    "decoder_v_channels": "decoder.v_channels",
}
SIZE = {"image_size": ("image_size", AS_TUPLE)}
CLASSIFIER = {**SHARED, **SIZE, "num_classes": "num_classes"}


def _fourier(theirs: str = "", ours: str = "") -> Table:
    return {
        f"{theirs}num_bands": f"{ours}positions.num_bands",
        f"{theirs}max_resolution": (f"{ours}positions.max_resolution", AS_TUPLE),
    }


TABLES: dict[str, Table] = {
    "vision-perceiver-fourier": {**CLASSIFIER, **_fourier()},
    "vision-perceiver-learned": {
        **CLASSIFIER,
        "conv_channels": "stem.channels",
        "position_channels": "positions.channels",
        "projected_position_channels": "positions.projected_channels",
    },
    "vision-perceiver-conv": {**CLASSIFIER, **_fourier(), "conv_channels": "stem.channels"},
    "language-perceiver": {
        **SHARED,
        "input_channels": "input_channels",
        "num_positions": "max_bytes",
        "vocabulary": "vocabulary",
    },
    "optical-flow-perceiver": {
        **SHARED,
        **SIZE,
        **_fourier(),
        "patch_channels_after_linear": "patch_channels",
        "divide_flow_by": "divide_by",
    },
    "multimodal-perceiver": {
        **SHARED,
        **_fourier("image_", "image."),
        **_fourier("audio_", "audio."),
        "image_size": ("image.image_size", AS_TUPLE),
        "num_frames": "image.num_frames",
        "space_to_depth": "image.patch_size",
        "audio_samples": "audio.num_samples",
        "samples_per_patch": "audio.samples_per_patch",
        "num_classes": "label.num_classes",
        "label_query_channels": "label.query_channels",
        "label_mask_probability": "label.mask_probability",
        "output_channels": "output_channels",
        "input_padding_min": "input_padding",
        "query_padding_min": "query_padding",
    },
}


FIELDS = {
    family: Fields(
        with_fidelity(PUBLISHED[f"deepmind/{family}"], "deepmind"),
        table,
        "the .json of sizes",
        later={"decoder_heads": 1, **dict.fromkeys(WIDTHS)},
        nullable=WIDTHS,
    )
    for family, table in TABLES.items()
}


def config_from_golden(sizes: Mapping[str, Any]) -> PerceiverConfig:
    """Our configuration of a golden file's model.

    Args:
        sizes: the contents of its .json.

    Raises:
        ValueError: if its family is not a published one, or a size is missing.
    """
    if (family := sizes.get("family")) not in FIELDS:
        raise ValueError(f"expected a family from {', '.join(FIELDS)}, got {family}.")
    return FIELDS[family].read(sizes)


def config_to_golden(config: PerceiverConfig) -> dict[str, Any]:
    """The sizes of our model, as DeepMind's code is told them.

    Args:
        config: of one of the six that DeepMind published; in either fidelity, which
            sizes do not tell.

    Raises:
        ValueError: naming what DeepMind's models do not have.
    """
    family = family_of(config)
    config = with_fidelity(config, "deepmind")
    sizes = {"family": family, **FIELDS[family].write(config)}
    check_kept(config, config_from_golden(sizes), f"DeepMind's {family}", KEEP)
    return sizes


def family_of(config: PerceiverConfig) -> str:
    """Which of the six published models a configuration is a size of.

    Raises:
        ValueError: if of none.
    """
    return built_like(config, FIELDS, "DeepMind published")
