"""What transformers, Meta and timm call the weights of a Hiera, and what they are called here."""

from ...hiera import HieraConfig, HieraMAEConfig
from ..layout import Layout, modules


def _layer(theirs: str, ours: str, norms: tuple[str, str] = ("norm1", "norm2")) -> dict[str, str]:
    return modules(
        (f"{theirs}.{norms[0]}", f"{ours}.norm_q"),
        (f"{theirs}.attn.qkv", f"{ours}.attention.qkv"),
        (f"{theirs}.attn.proj", f"{ours}.attention.out_proj"),
        (f"{theirs}.{norms[1]}", f"{ours}.norm_mlp"),
        (f"{theirs}.mlp.fc1", f"{ours}.mlp.fc1"),
        (f"{theirs}.mlp.fc2", f"{ours}.mlp.fc2"),
        (f"{theirs}.proj", f"{ours}.dim_proj"),
    )


# --- transformers ---------------------------------------------------------------------------------

NORMS = ("layernorm_before", "layernorm_after")


def _encoder(prefix: str) -> dict[str, str]:
    embeddings = f"{prefix}embeddings"
    return {
        f"{embeddings}.position_embeddings": "encoder.positions.table",
        **modules((f"{embeddings}.patch_embeddings.projection", "encoder.patches.projection")),
        **_layer(f"{prefix}encoder.stages.{{}}.layers.{{}}", "encoder.stages.{}.{}", NORMS),
    }


NAMES: dict[str, dict[str, str]] = {
    "HieraModel": {**_encoder(""), **modules(("pooler.layernorm", "norm"))},
    "HieraForImageClassification": {
        **_encoder("hiera."),
        **modules(("hiera.pooler.layernorm", "norm"), ("classifier", "head")),
    },
    "HieraForPreTraining": {
        **_encoder("hiera."),
        **_layer("decoder.decoder_block.layers.{}", "decoder.layers.{}", NORMS),
        **modules(
            ("encoder_norm", "norm"),
            ("multiscale_fusion.multi_scale_fusion_heads.{}", "fuse.heads.{}"),
            ("decoder.decoder_embeddings", "decoder.to_decoder"),
            ("decoder.decoder_norm", "decoder.norm"),
            ("decoder.decoder_pred", "decoder.to_pixels"),
        ),
        "decoder.mask_token": "decoder.mask_token",
        "decoder.decoder_position_embeddings": "decoder.positions",
    },
}
OF_TRANSFORMERS = {name: Layout(names) for name, names in NAMES.items()}

# --- Meta, and timm -------------------------------------------------------------------------------

CLASSIFIER = modules(("norm", "norm"), ("head.projection", "head"))
TIMM_CLASSIFIER = modules(("head.norm", "norm"), ("head.fc", "head"))
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
    **_layer("decoder_blocks.{}", "decoder.layers.{}"),
}


def _meta_encoder(config: HieraConfig) -> dict[str, str]:
    """Layers are counted through all stages there, and in each stage here."""
    places = [(stage, n) for stage, depth in enumerate(config.stages) for n in range(depth)]
    layers = {
        theirs: ours
        for number, (stage, n) in enumerate(places)
        for theirs, ours in _layer(f"blocks.{number}", f"encoder.stages.{stage}.{n}").items()
    }
    return {
        "pos_embed": "encoder.positions.table",
        "pos_embed_spatial": "encoder.positions.places.table",
        "pos_embed_temporal": "encoder.positions.times.table",
        **modules(("patch_embed.proj", "encoder.patches.projection")),
        **layers,
    }


def meta_layout(config: HieraConfig | HieraMAEConfig) -> Layout:
    """The layout of Meta's own files."""
    if isinstance(config, HieraMAEConfig):
        return Layout({**_meta_encoder(config.encoder), **DECODER})
    return Layout({**_meta_encoder(config), **CLASSIFIER})


def timm_layout(config: HieraConfig | HieraMAEConfig) -> Layout:
    """The layout of timm's files: Meta's with another head.

    Raises:
        ValueError: if it is a pre-training, which timm does not have.
    """
    if isinstance(config, HieraMAEConfig):
        raise ValueError("expected a classifier: timm has no pre-training. Use layout='meta'.")
    return Layout({**_meta_encoder(config), **TIMM_CLASSIFIER})
