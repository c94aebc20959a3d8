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


def config_from_transformers(published: Mapping[str, Any]) -> HieraConfig | HieraMAEConfig:
    """Read a config.json.

    Args:
        published: what it holds.

    Raises:
        ValueError: if it asks for what no published Hiera has, or is of no known class.
    """
    architecture = published["architectures"][0]
    for name, value in AS_WE_DO.items():
        if published.get(name, value) != value:
            raise ValueError(f"expected {name}={value}, as published, got {published[name]}.")
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
        f"{architecture}."
    )


def _encoder(published: Mapping[str, Any]) -> HieraConfig:
    heads = published["num_heads"]
    if any(number != heads[0] * 2**stage for stage, number in enumerate(heads)):
        raise ValueError(f"expected num_heads that double from stage to stage, got {heads}.")
    config = HieraConfig(
        embed_channels=published["embed_dim"],
        num_heads=heads[0],
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
    if config.mask_unit != tuple(published["masked_unit_size"]):
        raise ValueError(
            f"expected masked_unit_size={config.mask_unit}, what the pooling makes one token of, "
            f"got {published['masked_unit_size']}."
        )
    return config


def _classes(published: Mapping[str, Any]) -> int | None:
    if published["architectures"][0] != "HieraForImageClassification":
        return None
    return len(published["id2label"]) if "id2label" in published else 2
