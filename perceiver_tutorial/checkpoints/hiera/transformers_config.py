"""transformers' configuration of a Hiera, as ours."""

from collections.abc import Mapping
from typing import Any

from ...hiera import HieraConfig, HieraMAEConfig

AS_WE_DO = {
    "embed_dim_multiplier": 2.0,
    "mlp_ratio": 4.0,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-6,
    "num_channels": 3,
}
NEEDED = (
    "embed_dim",
    "num_heads",
    "depths",
    "image_size",
    "patch_size",
    "patch_stride",
    "patch_padding",
    "query_stride",
    "num_query_pool",
    "masked_unit_size",
    "masked_unit_attention",
)
NEEDED_BY_DECODER = ("decoder_hidden_size", "decoder_depth", "decoder_num_heads", "mask_ratio")


def config_from_transformers(published: Mapping[str, Any]) -> HieraConfig | HieraMAEConfig:
    """Read a config.json.

    Args:
        published: what it holds.

    Raises:
        ValueError: if it asks for what no published Hiera has, or is of no known class.
    """
    architecture = published["architectures"][0]
    _check_options(published, architecture)
    encoder = _encoder(published)
    match architecture:
        case "HieraModel" | "HieraForImageClassification":
            return encoder
        case "HieraForPreTraining":
            return HieraMAEConfig(
                encoder,
                decoder_channels=published["decoder_hidden_size"],
                decoder_depth=published["decoder_depth"],
                decoder_heads=published["decoder_num_heads"],
                mask_ratio=published["mask_ratio"],
                normalise_targets=published.get("normalize_pixel_loss", True),
            )
    raise ValueError(
        "expected HieraModel, HieraForImageClassification or HieraForPreTraining, got "
        f"{architecture}. Save one of these; feature_maps gives what a backbone should."
    )


def _check_options(published: Mapping[str, Any], architecture: str) -> None:
    for name in NEEDED + (NEEDED_BY_DECODER if architecture == "HieraForPreTraining" else ()):
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


def _encoder(published: Mapping[str, Any]) -> HieraConfig:
    config = HieraConfig(
        embed_channels=published["embed_dim"],
        num_heads=published["num_heads"][0],
        stages=tuple(published["depths"]),
        input_size=tuple(published["image_size"]),
        patch_kernel=tuple(published["patch_size"]),
        patch_stride=tuple(published["patch_stride"]),
        patch_padding=tuple(published["patch_padding"]),
        pool=tuple(published["query_stride"]),
        num_pools=published["num_query_pool"],
        mask_unit_attention=tuple(published["masked_unit_attention"]),
        num_classes=_classes(published),
        drop_path=published.get("drop_path_rate", 0.0),
    )
    _check_sizes(published, config)
    return config


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
            "published code, which we follow. Run it in transformers, or build a HieraConfig."
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


def _classes(published: Mapping[str, Any]) -> int | None:
    if published["architectures"][0] != "HieraForImageClassification":
        return None
    return len(published["id2label"]) if "id2label" in published else 2
