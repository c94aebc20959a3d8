"""What transformers calls the weights of its Hieras, and what we call them."""

from ..layout import Layout, modules, rows


def _block(theirs: str, ours: str) -> dict[str, str]:
    return modules(
        (f"{theirs}.layernorm_before", f"{ours}.norm_q"),
        (f"{theirs}.attn.qkv", f"{ours}.attention.qkv"),
        (f"{theirs}.attn.proj", f"{ours}.attention.out_proj"),
        (f"{theirs}.layernorm_after", f"{ours}.norm_mlp"),
        (f"{theirs}.mlp.fc1", f"{ours}.mlp.fc1"),
        (f"{theirs}.mlp.fc2", f"{ours}.mlp.fc2"),
        (f"{theirs}.proj", f"{ours}.dim_proj"),
    )


def _encoder(prefix: str) -> dict[str, str]:
    embeddings = f"{prefix}embeddings"
    return {
        f"{embeddings}.position_embeddings": "encoder.positions.table",
        **modules((f"{embeddings}.patch_embeddings.projection", "encoder.patches.projection")),
        **_block(f"{prefix}encoder.stages.{{}}.layers.{{}}", "encoder.stages.{}.{}"),
    }


NAMES: dict[str, dict[str, str]] = {
    "HieraModel": {**_encoder(""), **modules(("pooler.layernorm", "norm"))},
    "HieraForImageClassification": {
        **_encoder("hiera."),
        **modules(("hiera.pooler.layernorm", "norm"), ("classifier", "head")),
    },
    "HieraForPreTraining": {
        **_encoder("hiera."),
        **_block("decoder.decoder_block.layers.{}", "decoder.layers.{}"),
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

LAYOUTS = {name: Layout(rows(names)) for name, names in NAMES.items()}
