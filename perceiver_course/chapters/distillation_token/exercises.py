"""Exercises about DeiT's two tokens: their price, their order, their similarity, their heads."""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, interpolate

from perceiver_tutorial.deit import build
from perceiver_tutorial.positions import resize_positions

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction, walked


def _parameters(channels: int, depth: int, patches: int, classes: int) -> int:
    block = 12 * channels**2 + 13 * channels
    tokens = 2 * channels + (2 + patches) * channels
    heads = 2 * (channels + 1) * classes
    return 769 * channels + tokens + depth * block + 2 * channels + heads


DEIT_PARAMETERS = Exercise(
    task="return how many parameters a distilled DeiT has. A patch has 16 x 16 pixels of 3 "
    "colours; a block has 12 C**2 + 13 C; there is one layer norm behind the last block.",
    inputs=lambda draw: (
        draw.choice((192, 384, 768)),
        draw.choice((12, 6, 8)),
        draw.choice((196, 256, 576)),
        draw.choice((1000, 10, 100)),
    ),
    reference=_parameters,
    slips=(
        Slip(
            "the class token has a head, and the distillation token has one, too.",
            lambda c, d, p, o: _parameters(c, d, p, o) - (c + 1) * o,
        ),
        Slip(
            "the tokens in front have rows in the table of positions, like the patches.",
            lambda c, d, p, o: _parameters(c, d, p, o) - 2 * c,
        ),
        Slip(
            "a head has a bias for each class.",
            lambda c, d, p, o: _parameters(c, d, p, o) - 2 * o,
        ),
        Slip(
            "each of the two tokens is a learned vector itself, beside its position.",
            lambda c, d, p, o: _parameters(c, d, p, o) - 4 * c,
        ),
    ),
)


def _table(draw) -> tuple[Tensor]:
    patches, channels = draw.sizes(2, low=3, high=14)
    return (draw.randn(patches + 2, channels),)


SECOND_NOT_LAST = Exercise(
    task="a table of positions [patches + 2, channels] has rows for the class token, the patches, "
    "the distillation token. Return it in the order of the published weights: class, "
    "distillation, patches.",
    inputs=_table,
    reference=lambda table: torch.cat([table[:1], table[-1:], table[1:-1]]),
    slips=(
        Slip("this puts the distillation token first; it is the second.", lambda t: t.roll(1, 0)),
        Slip(
            "swapping two rows leaves the first patch at the end; all patches move down by one.",
            lambda table: torch.cat([table[:1], table[-1:], table[2:-1], table[1:2]]),
        ),
        Slip("the patches keep their order.", lambda t: torch.cat([t[:1], t[1:].flip(0)])),
    ),
)


def _tokens(draw) -> tuple[Tensor]:
    return (draw.randn(*draw.sizes(3, low=3)) + 0.5,)


TOKEN_COSINE = Exercise(
    task="of tokens [images, tokens, channels], return the cosine of class and distillation "
    "token, averaged over the images.",
    inputs=_tokens,
    reference=lambda tokens: cosine_similarity(tokens[:, 0], tokens[:, 1], dim=-1).mean(),
    slips=(
        Slip(
            "this is the cosine of the averages; take it for each image, then average.",
            lambda tokens: cosine_similarity(*tokens.mean(0)[:2], dim=-1),
        ),
        Slip(
            "the distillation token is the second, not the last.",
            lambda tokens: cosine_similarity(tokens[:, 0], tokens[:, -1], dim=-1).mean(),
        ),
        Slip(
            "this compares along the batch; a token's numbers lie along the last axis.",
            lambda tokens: cosine_similarity(tokens[:, 0], tokens[:, 1], dim=0).mean(),
        ),
        Slip(
            "a product grows with the length of the tokens; a cosine does not.",
            lambda tokens: (tokens[:, 0] * tokens[:, 1]).sum(-1).mean(),
        ),
        Slip(
            "the class token is token 0, the distillation token is token 1.",
            lambda tokens: cosine_similarity(tokens[:, 1], tokens[:, 2], dim=-1).mean(),
        ),
    ),
)


def _heads(draw) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    images, channels, classes = draw.sizes(3)
    shapes = ((images, channels),) * 2 + ((classes, channels),) * 2
    return tuple(draw.randn(*shape) for shape in shapes)


ONE_MATRIX = Exercise(
    task="class tokens c and distillation tokens d [images, channels] have heads with weights "
    "v and w [classes, channels], no biases. Put tokens and heads together, so that one "
    "product gives the mean of both logits.",
    inputs=_heads,
    reference=lambda c, d, v, w: torch.cat([c, d], dim=1) @ torch.cat([v, w], dim=1).T / 2,
    slips=(
        Slip(
            "this is the sum of both logits; their mean is half as large.",
            lambda c, d, v, w: torch.cat([c, d], dim=1) @ torch.cat([v, w], dim=1).T,
        ),
        Slip(
            "averages of tokens meet averages of heads: then each head reads the other token, too.",
            lambda c, d, v, w: (c + d) / 2 @ ((v + w) / 2).T,
        ),
        Slip(
            "here the class head reads both tokens, and the distillation head none.",
            lambda c, d, v, _: (c + d) / 2 @ v.T,
        ),
        Slip(
            "each head meets the other one's token.",
            lambda c, d, v, w: torch.cat([c, d], dim=1) @ torch.cat([w, v], dim=1).T / 2,
        ),
    ),
)

OLD, NEW = (3, 4), (6, 8)


def _stretched(table: Tensor) -> Tensor:
    return torch.cat([table[:2], resize_positions(table[2:], OLD, NEW)])


def _as_one_line(table: Tensor) -> Tensor:
    rows = NEW[0] * NEW[1] + 2
    return interpolate(table.T[None], size=rows, mode="linear", align_corners=False)[0].T


def _prefix_at_the_end(table: Tensor) -> Tensor:
    return torch.cat([table[-2:], resize_positions(table[:-2], OLD, NEW)])


def _columns_first(table: Tensor) -> Tensor:
    turned = resize_positions(table[2:], OLD[::-1], NEW[::-1])
    return torch.cat([table[:2], turned])


def _prefix_from_the_grid(table: Tensor) -> Tensor:
    new = resize_positions(table[2:], OLD, NEW)
    return torch.cat([new[:2], new])


def _keeps_its_places(stretch) -> bool:
    rows, columns = torch.meshgrid(torch.arange(3.0), torch.arange(4.0), indexing="ij")
    patches = torch.stack([rows, columns], dim=-1).flatten(0, 1)
    prefix = torch.tensor([[7.0, -3.0], [-5.0, 9.0]])
    table = stretch(torch.cat([prefix, patches]))
    grid = table[2:].reshape(*NEW, 2)
    rows_agree = torch.allclose(grid[..., 0], grid[:, :1, 0].expand(NEW), atol=1e-4)
    columns_agree = torch.allclose(grid[..., 1], grid[:1, :, 1].expand(NEW), atol=1e-4)
    return torch.equal(table[:2], prefix) and rows_agree and columns_agree


STRETCHED_POSITIONS = BugHunt(
    task="`stretch(table)` makes positions for 6 x 8 patches of those for 3 x 4. The table has two "
    "rows in front, for class and distillation token. Return whether these stay as they are and "
    "the patches' rows stay in their places.",
    inputs=lambda: (torch.randn(14, 2, generator=torch.Generator().manual_seed(0)),),
    right=_stretched,
    bugs=(_as_one_line, _prefix_at_the_end, _columns_first, _prefix_from_the_grid),
    reference=_keeps_its_places,
)


BASE = "facebook/deit-base-distilled-patch16-224"
SIZES = {"B": 1, "H": 224, "W": 224, "C": 768, "A": 12, "L": 1000}
LARGER = {**SIZES, "H": 384, "W": 384}


def _built(name: str):
    with torch.device("meta"):
        return build(name)


def _larger_table() -> tuple[int, ...]:
    return tuple(_built(BASE.replace("224", "384")).positions.shape)


def _price() -> tuple[int]:
    both, plain = (_built(name) for name in (BASE, BASE.replace("-distilled", "")))
    return (sum(p.numel() for p in both.parameters()) - sum(p.numel() for p in plain.parameters()),)


PREDICTIONS = {
    "distillation_token.tokens": walked(
        question="DeiT base cuts pictures of H x W = 224 x 224 pixels into patches of 16 x 16, "
        "C = 768 numbers each, and puts a class and a distillation token in front. Which shape "
        "do the blocks read?",
        step=(BASE, "layers.0"),
        slips={
            "B, (H//16) * (W//16), C": "those are the patches; two more tokens stand in front.",
            "B, 1 + (H//16) * (W//16), C": "that is the plain model, with a class token only.",
            "B, 2 + (H//4) * (W//4), C": "4 pixels apart is Hiera; here patches have 16.",
        },
    ),
    "distillation_token.map": walked(
        question="and the attention map of one block, with A = 12 heads?",
        step=(BASE, "layers.0.attention.weights"),
        slips={
            "B, A, 2, 2 + (H//16) * (W//16)": "all tokens ask, not only the two that have heads.",
            "B, A, 2 + (H//16) * (W//16), (H//16) * (W//16)": "all tokens are read, the two in "
            "front included.",
        },
    ),
    "distillation_token.table": Prediction(
        question="a model for 384 x 384 pixels: which shape has its table of positions? "
        "Its first axis, of length 1, stands for the batch.",
        formula="1, 2 + (H//16) * (W//16), C",
        symbols=LARGER,
        slips={
            "1, (H//16) * (W//16), C": "the tokens in front have a row each.",
            "1, 2 + 14 * 14, C": "those are the rows for 224 pixels.",
            "1, 198 * 384**2 // 224**2, C": "only patches become more; the two in front stay two.",
        },
        compute=_larger_table,
    ),
    "distillation_token.price": Prediction(
        question="how many parameters more than the plain base model has the distilled one, with "
        "L = 1000 classes? A shape with one axis, such as (1000,), stands for the number.",
        formula="2*C + (C + 1) * L",
        symbols=SIZES,
        slips={
            "C": "that is the token itself. It has a position and a head as well.",
            "C + (C + 1) * L": "the token has a row in the table of positions, too.",
            "2*C + C * L": "the head has a bias for each class.",
            "2*C": "the second head is by far the largest part.",
        },
        compute=_price,
    ),
}
