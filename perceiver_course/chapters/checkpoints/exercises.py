"""Exercises about other people's weights: their names, their order, and what shapes cannot see."""

import re
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from perceiver_tutorial import deit, perceiver
from perceiver_tutorial.attention import attention_weights

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction

Shapes = dict[str, tuple[int, ...]]
STORED: Shapes = {
    "blocks.1.norm1.weight": (12,),
    "blocks.10.norm1.weight": (12,),
    "blocks.10.attn.proj.weight": (12, 12),
    "norm.weight": (12,),
    "fc_norm.weight": (5,),
}
TABLE = {
    "blocks.{}.norm1.weight": "layers.{}.norm_q.weight",
    "blocks.{}.attn.proj.weight": "layers.{}.attention.out_proj.weight",
    "norm.weight": "norm.weight",
}


def _renamed(
    theirs: Shapes, table: Mapping[str, str], digits: str = r"(\d+)", fits=re.fullmatch
) -> Shapes:
    found = {}
    for name, shape in theirs.items():
        for pattern, ours in table.items():
            match = fits(re.escape(pattern).replace(r"\{\}", digits), name)
            if match:
                found[ours.format(*match.groups())] = shape
    return found


def _every_number_is_a_layer(theirs: Shapes, table: Mapping[str, str]) -> Shapes:
    found = {}
    for name, shape in theirs.items():
        numbers, pattern = re.findall(r"\d+", name), re.sub(r"\d+", "{}", name)
        if pattern in table:
            found[table[pattern].format(*numbers)] = shape
    return found


def _stored(draw) -> tuple[Shapes, dict[str, str]]:
    width, more = draw.sizes(2)
    shapes = {name: tuple(width * size for size in shape) for name, shape in STORED.items()}
    return {**shapes, f"blocks.{10 + more}.norm1.weight": (width,)}, TABLE


RENAME = Exercise(
    task="`table` has their names and ours; {} stands for the number of a layer, the same in both. "
    "Return {our name: shape} for {their name: shape}; leave out what has no row.",
    inputs=_stored,
    reference=_renamed,
    slips=(
        Slip(
            "block 10 is lost: a number can have two digits.",
            lambda theirs, table: _renamed(theirs, table, digits=r"(\d)"),
        ),
        Slip(
            "fc_norm.weight has no row; norm.weight is only its end. Match whole names.",
            lambda theirs, table: _renamed(theirs, table, fits=re.search),
        ),
        Slip(
            "the 1 of norm1 is part of its name and no layer: put numbers where the table has {}.",
            _every_number_is_a_layer,
        ),
        Slip(
            "all have their own names still; look each up in the table.",
            lambda theirs, _: dict(theirs),
        ),
    ),
)


def _fused(draw) -> tuple[Tensor, int, int]:
    heads = draw.choice((3, 4, 2))
    return draw.randn(36, 12), heads, heads - 1


KEYS_OF_A_HEAD = Exercise(
    task="of fused weights [3 * 12, 12], queries over keys over values, return the rows that make "
    "the keys of head number `head` of `heads`: [12 // heads, 12].",
    inputs=_fused,
    reference=lambda fused, heads, head: fused.unflatten(0, (3, heads, -1))[1, head],
    slips=(
        Slip(
            "those are its queries; keys are the second third.",
            lambda fused, heads, head: fused.unflatten(0, (3, heads, -1))[0, head],
        ),
        Slip(
            "this reads the rows head by head, and queries, keys, values in each. Published files "
            "have all queries first.",
            lambda fused, heads, head: fused.unflatten(0, (heads, 3, -1))[head, 1],
        ),
        Slip(
            "rows of one head stand together; this takes every third of the keys.",
            lambda fused, heads, head: fused.unflatten(0, (3, -1, heads))[1, :, head],
        ),
        Slip(
            "those are all keys; a head has a part of them.",
            lambda fused, *_: fused.chunk(3)[1],
        ),
        Slip(
            "those are its values; keys are the second third.",
            lambda fused, heads, head: fused.unflatten(0, (3, heads, -1))[2, head],
        ),
        Slip(
            "heads count from 0: that is the head before.",
            lambda fused, heads, head: fused.unflatten(0, (3, heads, -1))[1, head - 1],
        ),
    ),
)

RENAMED, TRANSPOSED, REORDERED = (
    "norm.gamma", "blocks.1.attn.proj.weight", "blocks.3.attn.qkv.weight",
)  # fmt: skip


def doctored(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A copy of a DeiT's weights in Meta's names that somebody tampered with, in three places.

    Args:
        weights: of a DeiT with at least four blocks.
    """
    copy = dict(weights)
    copy[RENAMED] = copy.pop("norm.weight")
    copy[TRANSPOSED] = copy[TRANSPOSED].T.contiguous()
    queries, keys, values = copy[REORDERED].chunk(3)
    copy[REORDERED] = torch.cat([values, queries, keys])
    return copy


DOCTORED = Exercise(
    task="somebody renamed one weight of the file, transposed another, and put queries, keys and "
    "values of a third in another order. Return their three names, as they are in the file.",
    inputs=lambda _: (),
    reference=lambda: {RENAMED, TRANSPOSED, REORDERED},
    slips=(
        Slip(
            "the first is the name that it should have; which name has it in the file?",
            lambda: {"norm.weight", TRANSPOSED, REORDERED},
        ),
        Slip(
            "the block is right, but its attention looks where it should: qkv is well.",
            lambda: {RENAMED, "blocks.1.attn.qkv.weight", REORDERED},
        ),
        Slip(
            "errors travel on: repair the first block that differs, then look for the next.",
            lambda: {RENAMED, TRANSPOSED, "blocks.2.attn.qkv.weight"},
        ),
        Slip(
            "a projection in the wrong order? It has only one part; qkv has three.",
            lambda: {RENAMED, TRANSPOSED, "blocks.3.attn.proj.weight"},
        ),
    ),
)

HEADS = 2
Maps = Float[Tensor, "heads tokens tokens"]


def _look(queries: Tensor, keys: Tensor, tokens: Tensor) -> Maps:
    """Attention maps from two square matrices, head by head."""
    asked, answered = (
        (tokens @ weight.T).unflatten(-1, (HEADS, -1)).movedim(-2, 0) for weight in (queries, keys)
    )
    return attention_weights(asked, answered)


def _by_thirds(fused: Tensor, tokens: Tensor) -> Maps:
    queries, keys, _ = fused.chunk(3)
    return _look(queries, keys, tokens)


def _swapped(fused: Tensor, tokens: Tensor) -> Maps:
    queries, keys, _ = fused.chunk(3)
    return _look(keys, queries, tokens)


def _values_for_keys(fused: Tensor, tokens: Tensor) -> Maps:
    queries, _, values = fused.chunk(3)
    return _look(queries, values, tokens)


def _transposed(fused: Tensor, tokens: Tensor) -> Maps:
    queries, keys, _ = fused.chunk(3)
    return _look(queries.T, keys.T, tokens)


def _head_by_head(fused: Tensor, tokens: Tensor) -> Maps:
    queries, keys, _ = fused.unflatten(0, (HEADS, 3, -1)).movedim(1, 0).flatten(1, 2)
    return _look(queries, keys, tokens)


def _asks_and_is_answered(look) -> bool:
    """One token asks, one answers, and nobody else does."""
    fused, tokens = torch.zeros(18, 6), torch.eye(6)[:5]
    fused[0, 2] = fused[6 + 0, 4] = 9.0
    wanted = torch.full((HEADS, 5, 5), 1 / 5)
    wanted[0, 2] = tokens[4, :5]
    return torch.allclose(look(fused, tokens), wanted, atol=1e-4)


WHO_ASKS_WHOM = BugHunt(
    task="`look(fused, tokens)` makes the maps [2, tokens, tokens] of two heads from fused weights "
    "[18, 6], queries over keys over values, and tokens [tokens, 6]. Return whether who asks and "
    "who answers are who they should be.",
    inputs=lambda: (
        torch.randn(18, 6, generator=torch.Generator().manual_seed(0)),
        torch.randn(5, 6, generator=torch.Generator().manual_seed(1)),
    ),
    right=_by_thirds,
    bugs=(_swapped, _values_for_keys, _transposed, _head_by_head),
    reference=_asks_and_is_answered,
)


def _fused_matrix() -> torch.Tensor:
    """Meta's files have one map for queries, keys and values."""
    with torch.device("meta"):
        attention = deit.build(BASE).layers[0].attention
    maps = (attention.q_proj, attention.k_proj, attention.v_proj)
    return torch.cat([one.weight for one in maps])


def _haiku() -> torch.Tensor:
    """Haiku multiplies from the other side: inputs first, then outputs."""
    with torch.device("meta"):
        read = perceiver.build("deepmind/vision-perceiver-fourier").encoder.cross[0]
    return read.attention.q_proj.weight.T


def _table() -> torch.Tensor:
    with torch.device("meta"):
        return deit.build(BASE).positions


BASE = "facebook/deit-base-distilled-patch16-224"


PREDICTIONS = {
    "checkpoints.fused": Prediction(
        question="Meta's file of DeiT base, C = 768 channels, has queries, keys and values of a "
        "block in one weight, blocks.0.attn.qkv.weight. Which shape has it?",
        formula="3*C, C",
        symbols={"C": 768},
        slips={
            "C, 3*C": "PyTorch keeps a linear map as outputs x inputs; fused are the outputs.",
            "3, C, C": "it is one linear map, and a linear map is a table with two axes.",
            "C, C": "that is one of the three.",
        },
        compute=_fused_matrix,
    ),
    "checkpoints.haiku": Prediction(
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
    "checkpoints.table": Prediction(
        question="and pos_embed in Meta's file, for pictures of H x W = 224 x 224 pixels?",
        formula="1, 2 + (H//16) * (W//16), C",
        symbols={"C": 768, "H": 224, "W": 224},
        slips={
            "2 + (H//16) * (W//16), C": "those are its rows; before them stands an axis of length "
            "1, where a batch would be.",
            "1, (H//16) * (W//16), C": "the two tokens in front have places, too.",
            "1, 1 + (H//16) * (W//16), C": "that is the plain model; this one has two in front.",
        },
        compute=_table,
    ),
}
