"""Meta's own Hieras, tiny, with random weights and true outputs; and the names of their weights."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from perceiver_tutorial.checkpoints.hiera.transformers_names import NAMES, WITHOUT_BATCH
from perceiver_tutorial.checkpoints.load import load_strictly
from perceiver_tutorial.checkpoints.rename import merge, rename
from perceiver_tutorial.hiera import HieraConfig, HieraMAEConfig

GOLDEN = Path(__file__).parent / "golden"
SIZES = {
    "embed_dim": "embed_channels",
    "num_heads": "num_heads",
    "stages": "stages",
    "input_size": "input_size",
    "patch_kernel": "patch_kernel",
    "patch_stride": "patch_stride",
    "patch_padding": "patch_padding",
    "q_stride": "pool",
    "q_pool": "num_pools",
    "mask_unit_attn": "mask_unit_attention",
    "num_classes": "num_classes",
}
DECODER = {
    "decoder_embed_dim": "decoder_channels",
    "decoder_depth": "decoder_depth",
    "decoder_num_heads": "decoder_heads",
}


def golden(family: str) -> tuple[nn.Module, dict[str, Tensor], dict[str, Tensor]]:
    """Our model with Meta's weights, what Meta's was given, and what it returned.

    Meta's pictures have their colours first, and so have its videos.
    """
    sizes = json.loads((GOLDEN / f"{family}.json").read_text(encoding="utf-8"))
    with np.load(GOLDEN / f"{family}.npz") as arrays:
        values = {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    state, given, wanted = (
        {key[3:]: value for key, value in values.items() if key.startswith(kind)}
        for kind in ("p::", "i::", "o::")
    )
    model = _config(sizes).build()
    load_strictly(model, _as_ours(state, sizes["stages"]))
    if given["images"].ndim == 5:
        given["images"] = given["images"].movedim(1, 2)
    return model.eval(), given, wanted


def as_transformers(model: nn.Module, architecture: str) -> dict[str, Tensor]:
    """The weights of our model under transformers' names, in its shapes."""
    table = {ours: theirs for theirs, ours in NAMES[architecture].items()}
    state = model.state_dict()
    for name in WITHOUT_BATCH:
        if name in state:
            state[name] = state[name][(None, None) if name.endswith("token") else None]
    return rename(state, table)


def _config(sizes: dict) -> HieraConfig | HieraMAEConfig:
    chosen = {k: tuple(v) if isinstance(v, list) else v for k, v in sizes.items()}
    encoder = HieraConfig(
        **{ours: chosen[meta] for meta, ours in SIZES.items() if meta in chosen},
        positions="separate" if chosen.get("sep_pos_embed") else "table",
    )
    if "decoder_depth" not in chosen:
        return encoder
    return HieraMAEConfig(encoder, **{ours: chosen[meta] for meta, ours in DECODER.items()})


def _as_ours(state: dict[str, Tensor], depths: list[int]) -> dict[str, Tensor]:
    """Meta counts blocks through all stages, and keeps a batch axis on what it adds."""
    blocks = [f"encoder.stages.{s}.{n}" for s, depth in enumerate(depths) for n in range(depth)]
    table = {
        "pos_embed": "encoder.positions.table",
        "pos_embed_spatial": "encoder.positions.places.table",
        "pos_embed_temporal": "encoder.positions.times.table",
        "mask_token": "decoder.mask_token",
        "decoder_pos_embed": "decoder.positions",
        **merge(
            ("patch_embed.proj", "encoder.to_patches.convolve"),
            ("norm", "norm"),
            ("head.projection", "to_logits"),
            ("encoder_norm", "norm"),
            ("multi_scale_fusion_heads.{}", "fuse.heads.{}"),
            ("decoder_embed", "decoder.to_decoder"),
            ("decoder_norm", "decoder.norm"),
            ("decoder_pred", "decoder.to_pixels"),
        ),
        **_block("decoder_blocks.{}", "decoder.blocks.{}"),
    }
    for number, ours in enumerate(blocks):
        table |= _block(f"blocks.{number}", ours)
    renamed = rename(state, table)
    for name in (*WITHOUT_BATCH, "encoder.positions.places.table", "encoder.positions.times.table"):
        if name in renamed:
            renamed[name] = renamed[name].squeeze((0, 1) if name.endswith("token") else 0)
    return renamed


def _block(meta: str, ours: str) -> dict[str, str]:
    return merge(
        (f"{meta}.norm1", f"{ours}.norm_attention"),
        (f"{meta}.attn.qkv", f"{ours}.attention.to_qkv"),
        (f"{meta}.attn.proj", f"{ours}.attention.to_output"),
        (f"{meta}.norm2", f"{ours}.norm_mlp"),
        (f"{meta}.mlp.fc1", f"{ours}.mlp.widen"),
        (f"{meta}.mlp.fc2", f"{ours}.mlp.narrow"),
        (f"{meta}.proj", f"{ours}.widen"),
    )
