"""What Meta calls the weights of its DeiTs, what timm calls them, and what we call them."""

from ..layout import Layout, Row, modules, transformed
from ..transforms import FUSED
from .transformers_names import BATCH_AXES

BLOCK = "encoder.blocks.{}"

NAMES: dict[str, str] = {
    "cls_token": "encoder.to_tokens.class_token",
    "dist_token": "encoder.to_tokens.distillation_token",
    "pos_embed": "encoder.to_tokens.positions",
    **modules(
        ("patch_embed.proj", "encoder.to_patches.convolve"),
        ("blocks.{}.norm1", f"{BLOCK}.norm_q"),
        ("blocks.{}.attn.proj", f"{BLOCK}.attention.out_proj"),
        ("blocks.{}.norm2", f"{BLOCK}.norm_mlp"),
        ("blocks.{}.mlp.fc1", f"{BLOCK}.mlp.fc1"),
        ("blocks.{}.mlp.fc2", f"{BLOCK}.mlp.fc2"),
        ("norm", "encoder.norm"),
        ("head", "class_head"),
        ("head_dist", "distillation_head"),
    ),
}
QUERIES_KEYS_VALUES = tuple(
    Row(
        (f"blocks.{{}}.attn.qkv.{leaf}",),
        tuple(f"{BLOCK}.attention.{part}_proj.{leaf}" for part in "qkv"),
        FUSED,
    )
    for leaf in ("weight", "bias")
)
# The scales of DeiT III have another name in each of the two.
META_SCALES = {
    "blocks.{}.gamma_1": f"{BLOCK}.scale_attention.weight",
    "blocks.{}.gamma_2": f"{BLOCK}.scale_mlp.weight",
}
TIMM_SCALES = {
    "blocks.{}.ls1.gamma": f"{BLOCK}.scale_attention.weight",
    "blocks.{}.ls2.gamma": f"{BLOCK}.scale_mlp.weight",
}
META = Layout((*transformed({**NAMES, **META_SCALES}, BATCH_AXES), *QUERIES_KEYS_VALUES))
TIMM = Layout((*transformed({**NAMES, **TIMM_SCALES}, BATCH_AXES), *QUERIES_KEYS_VALUES))
