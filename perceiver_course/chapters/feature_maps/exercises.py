"""Exercises about feature maps: adding them up, keeping them in place, and maps of films."""

import torch
from einops import rearrange
from torch import Tensor
from torch.nn.functional import interpolate

from perceiver_tutorial.hiera import PUBLISHED, HieraConfig, reroll, unroll
from perceiver_tutorial.zoo import build

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction, walked


def _maps(draw) -> tuple[list[Tensor]]:
    batch, channels, height, width = draw.sizes(4, high=6)
    return ([draw.randn(batch, channels, n * height, n * width) for n in (4, 2, 1)],)


def _doubled(grid: Tensor) -> Tensor:
    return grid.repeat_interleave(2, -1).repeat_interleave(2, -2)


def _tiled(grid: Tensor) -> Tensor:
    return grid.repeat(1, 1, 2, 2)


def _top_down(maps: list[Tensor], stretch=_doubled) -> Tensor:
    *finer, total = maps
    for one in reversed(finer):
        total = one + stretch(total)
    return total


TOP_DOWN = Exercise(
    task="add up three maps [batch, channels, height, width], each half as high and wide as the "
    "one before, on the finest grid: each cell of a coarser sum becomes 2 x 2 equal cells, "
    "and is added to the next finer map.",
    inputs=_maps,
    reference=_top_down,
    slips=(
        Slip(
            "repeat lays whole maps side by side; each cell has to become 2 x 2 cells.",
            lambda maps: _top_down(maps, _tiled),
        ),
        Slip(
            "one map is missing: stretch the sum so far, not a map alone.",
            lambda maps: maps[0] + _doubled(maps[1]),
        ),
        Slip("that is their mean; wanted is the sum.", lambda maps: _top_down(maps) / len(maps)),
        Slip(
            "interpolated: here each cell becomes 2 x 2 equal cells (mode nearest).",
            lambda maps: _top_down(
                maps, lambda grid: interpolate(grid, scale_factor=2, mode="bilinear")
            ),
        ),
    ),
)

UNITS_OF_FILM = Exercise(
    task="return how many mask units a film of frames x height x width pixels has. A token stands "
    "for 2 x 4 x 4 pixels, a mask unit for 1 x 8 x 8 tokens.",
    inputs=lambda draw: (
        draw.choice((16, 8, 32)),
        draw.choice((224, 160, 256)),
        draw.choice((288, 320, 96)),
    ),
    reference=lambda frames, height, width: frames // 2 * (height // 32) * (width // 32),
    slips=(
        Slip(
            "two frames make one token.",
            lambda frames, height, width: frames * (height // 32) * (width // 32),
        ),
        Slip(
            "a mask unit lies in one time; it has 8 tokens in space only.",
            lambda frames, height, width: frames // 16 * (height // 32) * (width // 32),
        ),
        Slip(
            "those are tokens; a unit holds 8 x 8 of them.",
            lambda frames, height, width: frames // 2 * (height // 4) * (width // 4),
        ),
        Slip(
            "that is one time only; two frames make the next one.",
            lambda _frames, height, width: (height // 32) * (width // 32),
        ),
    ),
)

KERNEL_OF_FILM = Exercise(
    task="make of an image's kernel [out, in, height, width] one for 3 frames, [out, in, 3, "
    "height, width], that is the same at every time, so that three equal frames give what the"
    " picture gives.",
    inputs=lambda draw: (draw.randn(*draw.sizes(4)),),
    reference=lambda kernel: kernel[:, :, None].expand(-1, -1, 3, -1, -1) / 3,
    slips=(
        Slip(
            "three equal frames give three times as much now: divide.",
            lambda kernel: kernel[:, :, None].expand(-1, -1, 3, -1, -1),
        ),
        Slip(
            "time comes after the colours, as Conv3d has it.",
            lambda kernel: kernel[:, None].expand(-1, 3, -1, -1, -1) / 3,
        ),
        Slip(
            "so only the middle frame is read. It does the job, but wanted is the same for all.",
            lambda kernel: torch.stack(
                [torch.zeros_like(kernel), kernel, torch.zeros_like(kernel)], 2
            ),
        ),
    ),
)

GRID, POOLS = (4, 8), [(2, 2), (2, 2)]


def _patches(picture: Tensor) -> Tensor:
    return rearrange(picture, "b c (h y) (w x) -> b (h w) (c y x)", y=4, x=4)


def _map(tokens: Tensor) -> Tensor:
    return reroll(tokens, GRID, POOLS).movedim(-1, 1)


def _unrolled(picture: Tensor) -> Tensor:
    return unroll(_patches(picture), GRID, POOLS)


def _stays_in_place(maps) -> bool:
    picture = torch.randn(1, 3, 16, 32, generator=torch.Generator().manual_seed(0))
    before = maps(picture)
    for y in range(0, 16, 4):
        for x in range(0, 32, 4):
            touched = picture.clone()
            touched[0, 0, y, x] += 1
            differs = (maps(touched) != before).any(1)[0].nonzero()
            if differs.tolist() != [[y // 4, x // 4]]:
                return False
    return True


STAYS_IN_PLACE = BugHunt(
    task="`maps(picture)` makes of [1, 3, 16, 32] pixels a map [1, 48, 4, 8], one token for each "
    "4 x 4 pixels. Return whether a change in a pixel changes the token at its place and no other.",
    inputs=lambda: (torch.randn(1, 3, 16, 32),),
    right=lambda picture: _map(_unrolled(picture)),
    bugs=(
        lambda picture: _map(_patches(picture)),
        lambda picture: _unrolled(picture).view(1, *GRID, 48).movedim(-1, 1),
        lambda picture: _map(_unrolled(picture)).flip(-1),
        lambda picture: _map(_unrolled(picture) + _unrolled(picture).mean(1, keepdim=True)),
    ),
    reference=_stays_in_place,
)


TINY = "facebook/hiera-tiny-224-hf"
FILM = "facebook/hiera_base_16x224"
OBLONG = {"B": 1, "H": 224, "W": 288, "C": 96}
FILMED = {"B": 1, "T": 16, "H": 224, "W": 224, "C": 96}


def _map_of(name: str, stage: int, input_size: tuple[int, ...]):
    """Computes the shape of one feature map of a published model."""

    def compute() -> tuple[int, ...]:
        config = PUBLISHED[name]
        assert isinstance(config, HieraConfig)
        with torch.device("meta"):
            return build(config).feature_maps(_raw(input_size))[stage].shape

    return compute


def _raw(input_size: tuple[int, ...]) -> torch.Tensor:
    *frames, height, width = input_size
    return torch.zeros(1, *frames, 3, height, width)


PREDICTIONS = {
    "feature_maps.finest": Prediction(
        question="a picture of H x W = 224 x 288 pixels through Hiera tiny, C = 96. Which shape "
        "has the finest feature map, channels first?",
        formula="B, C, H//4, W//4",
        symbols=OBLONG,
        slips={
            "B, H//4, W//4, C": "channels come first in a feature map, as convolutions want it.",
            "B, C, 56, 56": "56 is for 224 pixels; the picture is wider, and so is its map.",
            "B, H//4 * W//4, C": "those are its tokens; a feature map has them on their grid.",
        },
        compute=_map_of(TINY, 0, (224, 288)),
    ),
    "feature_maps.coarsest": Prediction(
        question="and the coarsest?",
        formula="B, 8*C, H//32, W//32",
        symbols=OBLONG,
        slips={
            "B, 4*C, H//32, W//32": "width doubles three times on the way from stage 1 to stage 4.",
            "B, 8*C, 7, 7": "7 is for 224 pixels; nine mask units fit side by side into 288.",
            "B, 8*C": "the mean over the grid comes only behind the last map.",
        },
        compute=_map_of(TINY, 3, (224, 288)),
    ),
    "feature_maps.film-patches": walked(
        question="a film of T = 16 frames, 224 x 224. A patch sees 3 x 7 x 7 pixels, the next "
        "begins 2 frames or 4 pixels further on. Which shape have all tokens?",
        step=(FILM, "encoder.patches"),
        slips={
            "B, T * H//4 * W//4, C": "the next patch begins two frames further on.",
            "B, T//3 * H//4 * W//4, C": "3 frames are seen, but patches overlap: they are 2 apart.",
            "B, H//4 * W//4, C": "so it is for a picture; a film has as many at each of 8 times.",
        },
    ),
    "feature_maps.film-last": Prediction(
        question="and the coarsest feature map of that film, time before height?",
        formula="B, 8*C, T//2, H//32, W//32",
        symbols=FILMED,
        slips={
            "B, 8*C, T//16, H//32, W//32": "poolings of 1 x 2 x 2 leave time as it is.",
            "B, 8*C, T, H//32, W//32": "two frames became one token at the start.",
            "B, T//2, H//32, W//32, 8*C": "channels come first in a feature map.",
        },
        compute=_map_of(FILM, 3, (16, 224, 224)),
    ),
    "feature_maps.film-answer": walked(
        question="and its answer, for L = 400 kinds of action?",
        step=(FILM, "answer"),
        slips={
            "B, T//2, L": "the mean is taken over time, too: one score for each kind of action.",
            "B, T, L": "frames are not answered one by one.",
        },
    ),
}
