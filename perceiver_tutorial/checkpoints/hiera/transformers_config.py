"""transformers' configuration of a Hiera, as ours, and back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...hiera import HieraConfig, HieraMAEConfig
from ...hiera.config import SIZES, pretraining
from ..fields import check_kept, read_fields, write_fields
from ..layout import Layout, Row, rows
from ..transforms import AS_TUPLE, CLASSES, Transform

AS_WE_DO = {
    "embed_dim_multiplier": 2.0,
    "mlp_ratio": 4.0,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-6,
    "num_channels": 3,
}
LATER = {
    "drop_path_rate": 0.0,
    "normalize_pixel_loss": True,
    "id2label": {0: "LABEL_0", 1: "LABEL_1"},
}
BUILD = "Run it in transformers, or build a HieraConfig."
DOUBLING = Transform(
    lambda heads, depths: (heads[0], tuple(depths)),
    lambda heads, stages: ([heads * 2**n for n in range(len(stages))], list(stages)),
)


def _encoder(ours: str = "") -> tuple[Row, ...]:
    return (
        *rows(
            {
                "embed_dim": f"{ours}embed_channels",
                "num_query_pool": f"{ours}num_pools",
                "drop_path_rate": f"{ours}drop_path",
            }
        ),
        *rows(
            {
                "image_size": f"{ours}input_size",
                "patch_size": f"{ours}patch_kernel",
                "patch_stride": f"{ours}patch_stride",
                "patch_padding": f"{ours}patch_padding",
                "query_stride": f"{ours}pool",
                "masked_unit_attention": f"{ours}mask_unit_attention",
            },
            AS_TUPLE,
        ),
        Row(("num_heads", "depths"), (f"{ours}num_heads", f"{ours}stages"), DOUBLING),
    )


DECODER = rows(
    {
        "decoder_hidden_size": "decoder_channels",
        "decoder_depth": "decoder_depth",
        "decoder_num_heads": "decoder_heads",
        "mask_ratio": "mask_ratio",
        "normalize_pixel_loss": "normalise_targets",
    }
)
# Each class: a model of ours for all that config.json does not say, and what it does say.
FIELDS: dict[str, tuple[HieraConfig | HieraMAEConfig, Layout]] = {
    "HieraModel": (replace(SIZES["tiny"], num_classes=None), Layout(_encoder())),
    "HieraForImageClassification": (
        SIZES["tiny"],
        Layout((*_encoder(), Row(("id2label",), ("num_classes", "class_names"), CLASSES))),
    ),
    "HieraForPreTraining": (pretraining(SIZES["tiny"]), Layout((*_encoder("encoder."), *DECODER))),
}


def config_from_transformers(published: Mapping[str, Any]) -> HieraConfig | HieraMAEConfig:
    """Read a config.json.

    Args:
        published: what it holds.

    Raises:
        ValueError: if it asks for what no published Hiera has, or is of no known class.
    """
    architecture = published["architectures"][0]
    if architecture not in FIELDS:
        raise ValueError(
            f"expected {', '.join(FIELDS)}, got {architecture}. Save one of these; feature_maps "
            "gives what a backbone should."
        )
    template, table = FIELDS[architecture]
    published = {**LATER, **published}
    _check_options(published, table, architecture)
    config = read_fields(published, table, template, "config.json")
    _check_sizes(published, getattr(config, "encoder", config))
    return config


def config_to_transformers(config: HieraConfig | HieraMAEConfig) -> dict[str, Any]:
    """What transformers' config.json says of our model.

    Raises:
        ValueError: naming what transformers cannot have.
    """
    architecture = architecture_of(config)
    published = {
        "architectures": [architecture],
        "model_type": "hiera",
        **write_fields(config, FIELDS[architecture][1]),
        "masked_unit_size": list(getattr(config, "encoder", config).mask_unit),
    }
    if isinstance(config, HieraMAEConfig):
        bare = replace(config.encoder, num_classes=None, class_names=None)
        config = replace(config, encoder=bare)
    again = config_from_transformers(published)
    check_kept(config, again, f"transformers' {architecture}", "Use save(layout='meta').")
    return published


def architecture_of(config: HieraConfig | HieraMAEConfig) -> str:
    """Which of transformers' classes it is."""
    if isinstance(config, HieraMAEConfig):
        return "HieraForPreTraining"
    return "HieraModel" if config.num_classes is None else "HieraForImageClassification"


def _check_options(published: Mapping[str, Any], table: Layout, architecture: str) -> None:
    for name in (*(name for row in table.rows for name in row.theirs), "masked_unit_size"):
        if published.get(name) is None:
            raise ValueError(
                f"expected {name} in config.json of a {architecture}, got nothing. Let "
                "transformers write it: save_pretrained(FOLDER)."
            )
    for name, value in AS_WE_DO.items():
        if published.get(name, value) != value:
            raise ValueError(
                f"expected {name}={value}, as in all published, got {published[name]}. "
                "A Hiera with another is not among our models: run it in transformers."
            )


def _check_sizes(published: Mapping[str, Any], config: HieraConfig) -> None:
    heads = published["num_heads"]
    if any(number != heads[0] * 2**stage for stage, number in enumerate(heads)):
        raise ValueError(
            f"expected num_heads that double from stage to stage, got {heads}. A Hiera with "
            "others is not among our models: run it in transformers."
        )
    if config.mask_unit != tuple(published["masked_unit_size"]):
        raise ValueError(
            f"expected masked_unit_size={config.mask_unit}, what query_stride="
            f"{published['query_stride']} makes one token of, got {published['masked_unit_size']}. "
            "A Hiera with another is not among our models: run it in transformers."
        )
    if (local := _in_windows_as_ours(config)) != config.mask_unit_attention:
        raise ValueError(
            f"expected masked_unit_attention={local} with num_query_pool={config.num_pools}, got "
            f"{config.mask_unit_attention}: there transformers attends in other windows than the "
            f"published code, which we follow. {BUILD}"
        )


def _in_windows_as_ours(config: HieraConfig) -> tuple[bool, ...]:
    """Stages with local attention for which transformers' windows are the published code's.

    It pools a window at every stage change, even one that pools no tokens, and lets the
    first block of a stage attend locally if either stage does.
    """
    last = len(config.stages) - 1
    return tuple(
        all(config.mask_unit_attention[: stage + 1])
        and (stage < config.num_pools or config.num_pools == last)
        for stage in range(len(config.stages))
    )
