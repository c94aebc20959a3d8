"""What Meta calls the weights of its Hieras, what timm calls them, and what we call them."""

from ...hiera import HieraConfig, HieraMAEConfig
from ..layout import Layout, modules, rows

TABLES = {
    "pos_embed": "encoder.positions.table",
    "pos_embed_spatial": "encoder.positions.places.table",
    "pos_embed_temporal": "encoder.positions.times.table",
}
CLASSIFIER = modules(("norm", "norm"), ("head.projection", "head"))
TIMM_CLASSIFIER = modules(("head.norm", "norm"), ("head.fc", "head"))


def _block(theirs: str, ours: str) -> dict[str, str]:
    return modules(
        (f"{theirs}.norm1", f"{ours}.norm_q"),
        (f"{theirs}.attn.qkv", f"{ours}.attention.qkv"),
        (f"{theirs}.attn.proj", f"{ours}.attention.out_proj"),
        (f"{theirs}.norm2", f"{ours}.norm_mlp"),
        (f"{theirs}.mlp.fc1", f"{ours}.mlp.fc1"),
        (f"{theirs}.mlp.fc2", f"{ours}.mlp.fc2"),
        (f"{theirs}.proj", f"{ours}.dim_proj"),
    )


DECODER = {
    "mask_token": "decoder.mask_token",
    "decoder_pos_embed": "decoder.positions",
    **modules(
        ("encoder_norm", "norm"),
        ("multi_scale_fusion_heads.{}", "fuse.heads.{}"),
        ("decoder_embed", "decoder.to_decoder"),
        ("decoder_norm", "decoder.norm"),
        ("decoder_pred", "decoder.to_pixels"),
    ),
    **_block("decoder_blocks.{}", "decoder.layers.{}"),
}


def _encoder(config: HieraConfig) -> dict[str, str]:
    """Blocks are counted through all stages there, and in each stage here."""
    places = [(stage, n) for stage, depth in enumerate(config.stages) for n in range(depth)]
    blocks = {
        theirs: ours
        for number, (stage, n) in enumerate(places)
        for theirs, ours in _block(f"blocks.{number}", f"encoder.stages.{stage}.{n}").items()
    }
    return {**TABLES, **modules(("patch_embed.proj", "encoder.patches.projection")), **blocks}


def meta_layout(config: HieraConfig | HieraMAEConfig) -> Layout:
    """The layout of Meta's own files."""
    if isinstance(config, HieraMAEConfig):
        return Layout(rows({**_encoder(config.encoder), **DECODER}))
    return Layout(rows({**_encoder(config), **CLASSIFIER}))


def timm_layout(config: HieraConfig | HieraMAEConfig) -> Layout:
    """The layout of timm's files: Meta's with another head.

    Raises:
        ValueError: if it is a pre-training, which timm does not have.
    """
    if isinstance(config, HieraMAEConfig):
        raise ValueError("expected a classifier: timm has no pre-training. Use layout='meta'.")
    return Layout(rows({**_encoder(config), **TIMM_CLASSIFIER}))
