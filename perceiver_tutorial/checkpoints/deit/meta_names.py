"""What Meta calls the weights of its DeiTs, what timm calls them, and what we call them."""

from ..layout import Layout, Row, modules, rows
from ..transforms import FUSED

LAYER = "layers.{}"

NAMES: dict[str, str] = {
    "cls_token": "class_token",
    "dist_token": "distillation_token",
    "pos_embed": "positions",
    **modules(
        ("patch_embed.proj", "patches.projection"),
        ("blocks.{}.norm1", f"{LAYER}.norm_q"),
        ("blocks.{}.attn.proj", f"{LAYER}.attention.out_proj"),
        ("blocks.{}.norm2", f"{LAYER}.norm_mlp"),
        ("blocks.{}.mlp.fc1", f"{LAYER}.mlp.fc1"),
        ("blocks.{}.mlp.fc2", f"{LAYER}.mlp.fc2"),
        ("norm", "norm"),
        ("head", "class_head"),
        ("head_dist", "distillation_head"),
    ),
}
QUERIES_KEYS_VALUES = tuple(
    Row(
        (f"blocks.{{}}.attn.qkv.{leaf}",),
        tuple(f"{LAYER}.attention.{part}_proj.{leaf}" for part in "qkv"),
        FUSED,
    )
    for leaf in ("weight", "bias")
)
# The scales of DeiT III have another name in each of the two.
META_SCALES = {
    "blocks.{}.gamma_1": f"{LAYER}.scale_attention.weight",
    "blocks.{}.gamma_2": f"{LAYER}.scale_mlp.weight",
}
TIMM_SCALES = {
    "blocks.{}.ls1.gamma": f"{LAYER}.scale_attention.weight",
    "blocks.{}.ls2.gamma": f"{LAYER}.scale_mlp.weight",
}
META = Layout((*rows({**NAMES, **META_SCALES}), *QUERIES_KEYS_VALUES))
TIMM = Layout((*rows({**NAMES, **TIMM_SCALES}), *QUERIES_KEYS_VALUES))
