"""A Hiera's configuration: what config.json of transformers and Meta's constructor say of it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ...hiera import HieraConfig, HieraMAEConfig
from ...hiera.config import SIZES, pretraining
from ..fields import Fields, check_kept
from ..layout import Table
from ..transforms import AS_TUPLE, CLASSES, Transform, each

HEADS_AND_STAGES = Transform(
    lambda heads, depths: (heads[0], tuple(depths)),
    lambda heads, stages: ([heads * 2**n for n in range(len(stages))], list(stages)),
)
SEPARATE = each(
    lambda separate: "separate" if separate else "table", lambda kind: kind == "separate"
)


def _in_transformers(inside: str = "") -> Table:
    return {
        "embed_dim": f"{inside}embed_channels",
        "num_query_pool": f"{inside}num_pools",
        "drop_path_rate": f"{inside}drop_path",
        "image_size": (f"{inside}input_size", AS_TUPLE),
        "patch_size": (f"{inside}patch_kernel", AS_TUPLE),
        "patch_stride": (f"{inside}patch_stride", AS_TUPLE),
        "patch_padding": (f"{inside}patch_padding", AS_TUPLE),
        "query_stride": (f"{inside}pool", AS_TUPLE),
        "masked_unit_attention": (f"{inside}mask_unit_attention", AS_TUPLE),
        ("num_heads", "depths"): ((f"{inside}num_heads", f"{inside}stages"), HEADS_AND_STAGES),
    }


def _in_meta(inside: str = "") -> Table:
    return {
        "embed_dim": f"{inside}embed_channels",
        "num_heads": f"{inside}num_heads",
        "q_pool": f"{inside}num_pools",
        "drop_path_rate": f"{inside}drop_path",
        "input_size": (f"{inside}input_size", AS_TUPLE),
        "stages": (f"{inside}stages", AS_TUPLE),
        "patch_kernel": (f"{inside}patch_kernel", AS_TUPLE),
        "patch_stride": (f"{inside}patch_stride", AS_TUPLE),
        "patch_padding": (f"{inside}patch_padding", AS_TUPLE),
        "q_stride": (f"{inside}pool", AS_TUPLE),
        "mask_unit_attn": (f"{inside}mask_unit_attention", AS_TUPLE),
        "sep_pos_embed": (f"{inside}positions", SEPARATE),
    }


# Each class: a model of ours for all that config.json does not say, and what it does say.
CLASSES_OF_TRANSFORMERS: dict[str, tuple[HieraConfig | HieraMAEConfig, Table]] = {
    "HieraModel": (replace(SIZES["tiny"], num_classes=None), _in_transformers()),
    "HieraForImageClassification": (
        SIZES["tiny"],
        {**_in_transformers(), "id2label": (("num_classes", "class_names"), CLASSES)},
    ),
    "HieraForPreTraining": (
        pretraining(SIZES["tiny"]),
        {
            **_in_transformers("encoder."),
            "decoder_hidden_size": "decoder_channels",
            "decoder_depth": "decoder_depth",
            "decoder_num_heads": "decoder_heads",
            "mask_ratio": "mask_ratio",
            "normalize_pixel_loss": "normalise_targets",
        },
    ),
}
ELSEWHERE = "A Hiera with another is not among our models: run it in"
OF_TRANSFORMERS = {
    architecture: Fields(
        template,
        table,
        f"config.json of a {architecture}",
        later={
            "drop_path_rate": 0.0,
            "normalize_pixel_loss": True,
            "id2label": {0: "LABEL_0", 1: "LABEL_1"},
        },
        fixed={
            "embed_dim_multiplier": 2.0,
            "mlp_ratio": 4.0,
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-6,
            "num_channels": 3,
        },
        elsewhere=f"{ELSEWHERE} transformers.",
    )
    for architecture, (template, table) in CLASSES_OF_TRANSFORMERS.items()
}
OF_META = partial(
    Fields,
    source="the arguments of Meta's Hiera",
    later={
        "input_size": (224, 224),
        "num_heads": 1,
        "stages": (2, 3, 16, 3),
        "embed_dim": 96,
        "patch_kernel": (7, 7),
        "patch_stride": (4, 4),
        "patch_padding": (3, 3),
        "q_stride": (2, 2),
        "q_pool": 3,
        "mask_unit_attn": (True, True, False, False),
        "num_classes": 1000,
        "drop_path_rate": 0.0,
        "sep_pos_embed": False,
    },
    fixed={"in_chans": 3, "dim_mul": 2.0, "head_mul": 2.0, "mlp_ratio": 4.0},
    elsewhere=f"{ELSEWHERE} Meta's own code.",
    nullable=("num_classes",),
)
META_CLASSIFIER = OF_META(SIZES["tiny"], {**_in_meta(), "num_classes": "num_classes"})
META_PRETRAINING = OF_META(
    pretraining(SIZES["tiny"]),
    {
        **_in_meta("encoder."),
        "decoder_embed_dim": "decoder_channels",
        "decoder_depth": "decoder_depth",
        "decoder_num_heads": "decoder_heads",
    },
)


def config_from_meta(published: Mapping[str, Any]) -> HieraConfig | HieraMAEConfig:
    """Our configuration of a model that Meta's code saved.

    Args:
        published: the arguments of Meta's constructor; absent ones have its defaults.

    Raises:
        ValueError: if it asks for what no published Hiera has.
    """
    return (META_PRETRAINING if "decoder_depth" in published else META_CLASSIFIER).read(published)


def config_from_transformers(published: Mapping[str, Any]) -> HieraConfig | HieraMAEConfig:
    """Our configuration of a model that transformers saved.

    Args:
        published: what its config.json holds.

    Raises:
        ValueError: if it asks for what no published Hiera has, or is of no known class.
    """
    architecture = published["architectures"][0]
    if architecture not in OF_TRANSFORMERS:
        raise ValueError(
            f"expected {', '.join(OF_TRANSFORMERS)}, got {architecture}. Save one of these; "
            "feature_maps gives what a backbone should."
        )
    config = OF_TRANSFORMERS[architecture].read(published)
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
        **OF_TRANSFORMERS[architecture].write(config),
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


def _check_sizes(published: Mapping[str, Any], config: HieraConfig) -> None:
    heads, unit = published["num_heads"], published.get("masked_unit_size")
    if any(number != heads[0] * 2**stage for stage, number in enumerate(heads)):
        raise ValueError(
            f"expected num_heads that double from stage to stage, got {heads}. A Hiera with "
            "others is not among our models: run it in transformers."
        )
    if unit != list(config.mask_unit):
        raise ValueError(
            f"expected masked_unit_size={config.mask_unit}, what query_stride="
            f"{published['query_stride']} makes one token of, got {unit}. {ELSEWHERE} transformers."
        )
    if (local := _in_windows_as_ours(config)) != config.mask_unit_attention:
        raise ValueError(
            f"expected masked_unit_attention={local} with num_query_pool={config.num_pools}, got "
            f"{config.mask_unit_attention}: there transformers attends in other windows than the "
            "published code, which we follow. Run it in transformers, or build a HieraConfig."
        )


def _in_windows_as_ours(config: HieraConfig) -> tuple[bool, ...]:
    """Stages with local attention for which transformers' windows are the published code's.

    It pools a window at every stage change, even one that pools no tokens, and lets the
    first layer of a stage attend locally if either stage does.
    """
    last = len(config.stages) - 1
    return tuple(
        all(config.mask_unit_attention[: stage + 1])
        and (stage < config.num_pools or config.num_pools == last)
        for stage in range(len(config.stages))
    )
