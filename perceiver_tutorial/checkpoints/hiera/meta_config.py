"""What Meta's constructor of a Hiera is told, and what ours is."""

from collections.abc import Mapping
from typing import Any

from ...hiera import HieraConfig, HieraMAEConfig
from ...hiera.config import SIZES, pretraining
from ..fields import read_fields
from ..layout import Layout, Row, rows
from ..transforms import AS_TUPLE, each

# Its defaults, for what a file leaves out.
DEFAULTS: dict[str, Any] = {
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
}
DECODER = {
    "decoder_embed_dim": "decoder_channels",
    "decoder_depth": "decoder_depth",
    "decoder_num_heads": "decoder_heads",
}
AS_WE_DO = {"in_chans": 3, "dim_mul": 2.0, "head_mul": 2.0, "mlp_ratio": 4.0}
WHOSE = "the arguments of Meta's Hiera"
SEPARATE = each(
    lambda separate: "separate" if separate else "table", lambda kind: kind == "separate"
)


def _encoder(ours: str = "") -> tuple[Row, ...]:
    return (
        *rows(
            {
                "embed_dim": f"{ours}embed_channels",
                "num_heads": f"{ours}num_heads",
                "q_pool": f"{ours}num_pools",
                "drop_path_rate": f"{ours}drop_path",
            }
        ),
        *rows(
            {
                "input_size": f"{ours}input_size",
                "stages": f"{ours}stages",
                "patch_kernel": f"{ours}patch_kernel",
                "patch_stride": f"{ours}patch_stride",
                "patch_padding": f"{ours}patch_padding",
                "q_stride": f"{ours}pool",
                "mask_unit_attn": f"{ours}mask_unit_attention",
            },
            AS_TUPLE,
        ),
        *rows({"sep_pos_embed": f"{ours}positions"}, SEPARATE),
    )


CLASSIFIER = Layout((*_encoder(), *rows({"num_classes": "num_classes"})))
PRETRAINING = Layout((*_encoder("encoder."), *rows(DECODER)))


def config_from_meta(published: Mapping[str, Any]) -> HieraConfig | HieraMAEConfig:
    """Our configuration of a model that Meta's code saved.

    Args:
        published: the arguments of Meta's constructor; absent ones have its defaults.

    Raises:
        ValueError: if it asks for what no published Hiera has.
    """
    for name, value in AS_WE_DO.items():
        if published.get(name, value) != value:
            raise ValueError(
                f"expected {name}={value}, as in all published, got {published[name]}. "
                "A Hiera with another is not among our models: run it in Meta's own code."
            )
    given = {**DEFAULTS, **published}
    if "decoder_depth" in published:
        return read_fields(given, PRETRAINING, pretraining(SIZES["tiny"]), WHOSE)
    return read_fields(given, CLASSIFIER, SIZES["tiny"], WHOSE)
