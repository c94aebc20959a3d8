"""A DeiT's configuration: what config.json of transformers' DeiTs and ViTs says of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...deit import DeiTConfig, DeiTMaskedImageConfig
from ..fields import Fields, check_kept
from ..layout import Table
from ..transforms import CLASSES_OR_NONE, Transform, each

BASE = DeiTConfig(channels=768, num_heads=12)
BARE = replace(BASE, num_classes=None)


def _side(size: tuple[int, int]) -> int | list[int]:
    height, width = size
    return height if height == width else [height, width]


def _pair(size: int | list[int]) -> tuple[int, int]:
    height, width = (size, size) if isinstance(size, int) else size
    return height, width


WIDTHS = Transform(
    lambda channels, hidden: (channels, hidden // channels),
    lambda channels, factor: (channels, channels * factor),
)
PATCH = each(lambda size: _pair(size)[0], int)
PATCH_AND_STRIDE = Transform(lambda size, _: (_pair(size)[0],), lambda size: (size, size))


def _encoder(inside: str = "") -> Table:
    return {
        "num_hidden_layers": f"{inside}depth",
        "num_attention_heads": f"{inside}num_heads",
        "layer_norm_eps": f"{inside}norm_eps",
        "image_size": (f"{inside}image_size", each(_pair, _side)),
        ("hidden_size", "intermediate_size"): (
            (f"{inside}channels", f"{inside}widening_factor"),
            WIDTHS,
        ),
    }


ENCODER = {**_encoder(), "patch_size": ("patch_size", PATCH)}
CLASSIFIER = {**ENCODER, "id2label": (("num_classes", "class_names"), CLASSES_OR_NONE)}
PRETRAINING = {
    **_encoder("encoder."),
    ("patch_size", "encoder_stride"): ("encoder.patch_size", PATCH_AND_STRIDE),
}
# Each class: a model of ours for all that config.json does not say, and what it does say.
CLASSES_OF_TRANSFORMERS: dict[str, tuple[DeiTConfig | DeiTMaskedImageConfig, Table]] = {
    "DeiTForImageClassificationWithTeacher": (BASE, CLASSIFIER),
    "DeiTForImageClassification": (replace(BASE, distillation_head=False), CLASSIFIER),
    "ViTForImageClassification": (replace(BASE, distilled=False), CLASSIFIER),
    "DeiTModel": (BARE, ENCODER),
    "ViTModel": (replace(BARE, distilled=False), ENCODER),
    "DeiTForMaskedImageModeling": (DeiTMaskedImageConfig(BARE), PRETRAINING),
}
ELSEWHERE = "A DeiT with another is not among our models: run it in transformers."
OF_TRANSFORMERS = {
    architecture: Fields(
        template,
        table,
        f"config.json of a {architecture}",
        later={"id2label": {0: "LABEL_0", 1: "LABEL_1"}, "encoder_stride": 16},
        fixed={"hidden_act": "gelu", "num_channels": 3, "qkv_bias": True},
        elsewhere=ELSEWHERE,
    )
    for architecture, (template, table) in CLASSES_OF_TRANSFORMERS.items()
}


def config_from_transformers(published: Mapping[str, Any]) -> DeiTConfig | DeiTMaskedImageConfig:
    """Our configuration of a model that transformers saved.

    Dropout is not read: the published models have none, and in evaluation there is none.

    Args:
        published: what its config.json holds.

    Raises:
        ValueError: if it asks for what no published DeiT has, or is of no known class.
    """
    architecture = published["architectures"][0]
    if architecture not in OF_TRANSFORMERS:
        raise ValueError(
            f"expected one of {', '.join(OF_TRANSFORMERS)}, got {architecture}. Save one of these."
        )
    config = OF_TRANSFORMERS[architecture].read(published)
    _check_sizes(published, config)
    return config


def config_to_transformers(config: DeiTConfig | DeiTMaskedImageConfig) -> dict[str, Any]:
    """What transformers' config.json says of our model.

    What matters in training only, drop path and the share that is masked, is not said there.

    Raises:
        ValueError: naming what transformers cannot have.
    """
    architecture = architecture_of(config)
    published = {
        "architectures": [architecture],
        "model_type": "vit" if architecture.startswith("ViT") else "deit",
        **OF_TRANSFORMERS[architecture].write(config),
    }
    if isinstance(config, DeiTMaskedImageConfig):
        encoder = replace(
            _evaluated(config.encoder), num_classes=None, class_names=None, distillation_head=True
        )
        config = DeiTMaskedImageConfig(encoder)
    else:
        config = _evaluated(config)
    again = config_from_transformers(published)
    check_kept(config, again, f"transformers' {architecture}", "Use save(layout='meta').")
    return published


def _evaluated(config: DeiTConfig) -> DeiTConfig:
    return replace(config, drop_path=0.0, drop_path_grows=True)


def architecture_of(config: DeiTConfig | DeiTMaskedImageConfig) -> str:
    """Which of transformers' classes it is."""
    if isinstance(config, DeiTMaskedImageConfig):
        return "DeiTForMaskedImageModeling"
    if config.num_classes is None:
        return "DeiTModel" if config.distilled else "ViTModel"
    if not config.distilled:
        return "ViTForImageClassification"
    if config.distillation_head:
        return "DeiTForImageClassificationWithTeacher"
    return "DeiTForImageClassification"


def _check_sizes(published: Mapping[str, Any], config: DeiTConfig | DeiTMaskedImageConfig) -> None:
    height, width = _pair(published["patch_size"])
    if height != width:
        raise ValueError(
            f"expected square patches, got patch_size={published['patch_size']}. "
            "A DeiT with others is not among our models: run it in transformers."
        )
    stride = published.get("encoder_stride", height)
    if isinstance(config, DeiTMaskedImageConfig) and stride != height:
        raise ValueError(
            f"expected encoder_stride={height}, as in all published, got {stride}. {ELSEWHERE}"
        )
    channels, hidden = published["hidden_size"], published["intermediate_size"]
    if hidden % channels:
        raise ValueError(
            f"expected intermediate_size as a multiple of hidden_size={channels}, got {hidden}. "
            f"{ELSEWHERE}"
        )
