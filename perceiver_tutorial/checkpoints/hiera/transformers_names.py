"""What transformers calls the weights of its Hieras, and what we call them."""

from ..rename import merge


def _block(theirs: str, ours: str) -> dict[str, str]:
    return merge(
        (f"{theirs}.layernorm_before", f"{ours}.norm_attention"),
        (f"{theirs}.attn.qkv", f"{ours}.attention.to_qkv"),
        (f"{theirs}.attn.proj", f"{ours}.attention.to_output"),
        (f"{theirs}.layernorm_after", f"{ours}.norm_mlp"),
        (f"{theirs}.mlp.fc1", f"{ours}.mlp.widen"),
        (f"{theirs}.mlp.fc2", f"{ours}.mlp.narrow"),
        (f"{theirs}.proj", f"{ours}.widen"),
    )


def _encoder(prefix: str) -> dict[str, str]:
    embeddings = f"{prefix}embeddings"
    return {
        f"{embeddings}.position_embeddings": "encoder.positions.table",
        **merge((f"{embeddings}.patch_embeddings.projection", "encoder.to_patches.convolve")),
        **_block(f"{prefix}encoder.stages.{{}}.layers.{{}}", "encoder.stages.{}.{}"),
    }


NAMES: dict[str, dict[str, str]] = {
    "HieraModel": {**_encoder(""), **merge(("pooler.layernorm", "norm"))},
    "HieraForImageClassification": {
        **_encoder("hiera."),
        **merge(("hiera.pooler.layernorm", "norm"), ("classifier", "to_logits")),
    },
    "HieraForPreTraining": {
        **_encoder("hiera."),
        **_block("decoder.decoder_block.layers.{}", "decoder.blocks.{}"),
        **merge(
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

# Stored with axes of length 1 in front, which ours do without.
WITHOUT_BATCH = ("encoder.positions.table", "decoder.mask_token", "decoder.positions")
