"""Exercises about motion: neighbourhoods, tiles, how far off, and which way a warp looks."""

import torch
from einops import rearrange
from torch.nn.functional import grid_sample, unfold

from perceiver_tutorial.perceiver import flow_patches
from perceiver_tutorial.perceiver.flow_tiles import tile_corners

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import Prediction, walked


def _frames() -> torch.Tensor:
    return torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).float()


def _unfolded(images: torch.Tensor, pattern: str, kernel: int = 3) -> torch.Tensor:
    numbers = unfold(images, kernel, padding=kernel // 2)
    sizes = {"c": 3, "h": images.shape[-2]}
    return rearrange(numbers, f"b (c n) (h w) -> {pattern}", **sizes)


NEIGHBOURHOODS = Exercise(
    task="give every pixel of images [2, 3, 4, 5] the 27 numbers of its 3 x 3 neighbourhood, the "
    "three colours of each neighbour together: [2, 27, 4, 5]. Beyond the edge is 0.",
    inputs=lambda: (_frames(),),
    reference=lambda images: _unfolded(images, "b (n c) h w"),
    slips=(
        Slip(
            "that is unfold's own order, nine neighbours of one colour after another; the released "
            "weights expect three colours of one neighbour after another.",
            lambda images: _unfolded(images, "b (c n) h w"),
        ),
        Slip(
            "without padding the pixels at the edge are lost: padding=1.",
            lambda images: _unfolded(images, "b (n c) h w")[..., 1:-1, 1:-1],
        ),
        Slip(
            "that is the pixel alone; its neighbours are missing.",
            lambda images: _unfolded(images, "b (n c) h w", kernel=1),
        ),
    ),
)


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    return [*range(0, length - tile, tile - overlap), length - tile]


TILE_STARTS = Exercise(
    task="where do tiles begin along one axis? One after another, neighbours sharing `overlap` "
    "pixels, and the last one moved back until it ends where the picture ends. Return a list.",
    inputs=lambda: (1024, 496, 20),
    reference=_starts,
    slips=(
        Slip(
            "the last tile reaches beyond the picture: move it back, to length - tile.",
            lambda length, tile, overlap: list(range(0, length, tile - overlap)),
        ),
        Slip(
            "neighbours share pixels, so that a step is tile - overlap.",
            lambda length, tile, _overlap: [*range(0, length - tile, tile), length - tile],
        ),
        Slip(
            "pixels at the end are covered by no tile.",
            lambda length, tile, overlap: list(range(0, length - tile, tile - overlap)),
        ),
    ),
)


def _flows() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(2, 4, 5, 2, generator=generator) for _ in range(2))


END_POINT_ERROR = Exercise(
    task="flow and truth are [2, 4, 5, 2], in pixels. How far, on average over all pixels, is the "
    "point that flow names from the one where the pixel really went?",
    inputs=_flows,
    reference=lambda flow, truth: (flow - truth).norm(dim=-1).mean(),
    slips=(
        Slip(
            "that is the error of one coordinate; how far off a point is says Pythagoras.",
            lambda flow, truth: (flow - truth).abs().mean(),
        ),
        Slip(
            "those are squared distances; take the root of each before the mean.",
            lambda flow, truth: (flow - truth).square().sum(-1).mean(),
        ),
        Slip(
            "the root comes before the mean: else the worst pixels count most.",
            lambda flow, truth: (flow - truth).square().sum(-1).mean().sqrt(),
        ),
        Slip(
            "norm over everything is one number for all pixels; take it over the last axis.",
            lambda flow, truth: (flow - truth).norm(),
        ),
    ),
)


def _warped(later: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
    height, width = later.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    points = torch.stack([x, y], dim=-1) + flow
    grid = 2 * points / torch.tensor([width - 1, height - 1]) - 1
    return grid_sample(later, grid, padding_mode="border", align_corners=True)


def _later_and_flow() -> tuple[torch.Tensor, torch.Tensor]:
    later = torch.arange(3 * 7 * 8).reshape(1, 3, 7, 8).float()
    return later, torch.tensor([2.0, -1.0]).expand(1, 7, 8, 2)


def _looks_where_it_went(warp) -> bool:
    later, flow = _later_and_flow()
    return torch.allclose(warp(later, flow)[0, :, 3, 4], later[0, :, 3 - 1, 4 + 2])


LOOKS_WHERE_IT_WENT = BugHunt(
    task="`warp(later, flow)` fetches every pixel of the earlier frame from where it went: the "
    "pixel at (y, x) from (y + down, x + right). later is [1, 3, 7, 8], flow [1, 7, 8, 2], right "
    "before down. Return whether it looks there.",
    inputs=_later_and_flow,
    right=_warped,
    bugs=(
        lambda later, flow: _warped(later, flow.flip(-1)),
        lambda later, flow: _warped(later, -flow),
        lambda later, flow: _warped(later, flow * torch.tensor([1.0, -1.0])),
        lambda later, flow: _warped(later, 2 * flow),
    ),
    reference=_looks_where_it_went,
)


FLOW = "deepmind/optical-flow-perceiver"
SYMBOLS = {"B": 1, "H": 368, "W": 496, "K": 64, "N": 2048, "D": 512}


PREDICTIONS = {
    "flow.patches": Prediction(
        question="two frames of 3 x H x W; every pixel gets the colours of its 3 x 3 neighbours. "
        "Which shape has that?",
        formula="B, 2, 3*3*3, H, W",
        symbols=SYMBOLS,
        slips={
            "B, 2, 3*3, H, W": "nine neighbours, and three colours of each.",
            "B, 2, 3*3*3, H - 2, W - 2": "one pixel of padding around keeps the edge.",
            "B, 2, 3, H//3, W//3": "neighbourhoods overlap: every pixel has its own.",
        },
        compute=lambda: flow_patches(torch.zeros(1, 2, 3, 368, 496, device="meta")),
    ),
    "flow.input-array": walked(
        question="54 numbers of a pixel go through a linear map to 64; places have K bands on two "
        "axes. Which shape has the input array?",
        step=(FLOW, "preprocessor"),
        slips={
            "B, H*W, 54 + 2*(2*K + 1)": "so the post has it, and 312 is not its 322: a linear map "
            "makes 64 of the 54 first.",
            "B, 2*H*W, 64 + 2*(2*K + 1)": "both frames share a row: a pixel and what lies at the "
            "same place a moment later.",
            "B, H*W, 64": "and where is the pixel? Places are appended.",
        },
    ),
    "flow.queries": walked(
        question="every pixel asks how far it moves. Which shape have all queries?",
        step=(FLOW, "queries"),
        slips={
            "B, N, D": "those are the latents; they are read.",
            "B, H*W, 2*(2*K + 1)": "a place alone does not know its colours: here the inputs "
            "themselves ask.",
            "B, H*W, 2": "that will be the answer; a question is as wide as its maker likes.",
        },
    ),
    "flow.answer": walked(
        question="and the answer?",
        step=(FLOW, "answer"),
        slips={
            "B, H*W, 2": "at last the rows are given the shape of the picture again.",
            "B, 2, H, W": "how far right and how far down come last, not first.",
            "B, H, W": "how far right and how far down: two numbers for each pixel.",
        },
    ),
    "flow.tiles": Prediction(
        question="a photograph of 436 x 1024 pixels, tiles of H x W that share at least 20. Which "
        "shape has the list of corners (y, x), one for each tile?",
        formula="2*3, 2",
        symbols=SYMBOLS,
        slips={
            "1*2, 2": "that leaves the right and the lower edge without a tile.",
            "2*2, 2": "two tiles of 496 that share 20 reach 972 columns: 52 are left.",
            "1*3, 2": "436 is higher than 368: there is a second row of tiles.",
        },
        compute=lambda: torch.tensor(tile_corners((436, 1024), (368, 496), 20)),
    ),
}
