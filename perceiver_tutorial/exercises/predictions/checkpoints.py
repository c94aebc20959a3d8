"""Guesses about what published files hold: what is fused, what lies, and axes of length 1."""

import torch

from ... import deit, perceiver
from .kinds import ComputedPrediction


def _fused() -> torch.Tensor:
    """Meta's files have one map for queries, keys and values."""
    with torch.device("meta"):
        attention = deit.build(BASE).encoder.blocks[0].attention
    maps = (attention.to_queries, attention.to_keys, attention.to_values)
    return torch.cat([one.weight for one in maps])


def _haiku() -> torch.Tensor:
    """Haiku multiplies from the other side: inputs first, then outputs."""
    with torch.device("meta"):
        read = perceiver.build("deepmind/vision-perceiver-fourier").encoder.reads[0]
    return read.attention.to_queries.weight.T


def _table() -> torch.Tensor:
    with torch.device("meta"):
        return deit.build(BASE).encoder.to_tokens.positions[None]


BASE = "facebook/deit-base-distilled-patch16-224"
PREDICTIONS = {
    "checkpoints.fused": ComputedPrediction(
        question="Meta's file of DeiT base, C = 768 channels, has queries, keys and values of a "
        "block in one weight, blocks.0.attn.qkv.weight. Which shape has it?",
        formula="3*C, C",
        symbols={"C": 768},
        slips={
            "C, 3*C": "PyTorch keeps a linear map as outputs x inputs; fused are the outputs.",
            "3, C, C": "it is one linear map, and a linear map is a table with two axes.",
            "C, C": "that is one of the three.",
        },
        compute=_fused,
    ),
    "checkpoints.haiku": ComputedPrediction(
        question="DeepMind's image Perceiver with Fourier positions: latents of D = 1024 channels "
        "ask, in the width C = 261 of what they read. In haiku's file the map of the queries is "
        ".../cross_attention/attention/linear//w. Which shape has it?",
        formula="D, C",
        symbols={"D": 1024, "C": 261},
        slips={
            "C, D": "that is PyTorch's order, outputs first; haiku has inputs first.",
            "D, D": "queries must fit keys, and keys are as wide as what is read.",
            "C, C": "that is the map of the keys: they are made of what is read.",
        },
        compute=_haiku,
    ),
    "checkpoints.table": ComputedPrediction(
        question="and pos_embed in Meta's file, for pictures of H x W = 224 x 224 pixels?",
        formula="1, 2 + (H//16) * (W//16), C",
        symbols={"C": 768, "H": 224, "W": 224},
        slips={
            "2 + (H//16) * (W//16), C": "ours is; theirs has an axis of length 1, where a batch "
            "would be.",
            "1, (H//16) * (W//16), C": "the two tokens in front have places, too.",
            "1, 1 + (H//16) * (W//16), C": "that is the plain model; this one has two in front.",
        },
        compute=_table,
    ),
}
