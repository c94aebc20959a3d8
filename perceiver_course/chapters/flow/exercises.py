"""Exercises about motion: neighbourhoods, tiles, how far off, and which way a warp looks."""

import torch
from einops import rearrange
from torch.nn.functional import grid_sample, pad, unfold

from perceiver_tutorial.perceiver import flow_patches
from perceiver_tutorial.perceiver.flow_tiles import tile_corners

from ...kit.exercises import BugHunt, Draw, Exercise, Slip
from ...kit.predictions import Prediction, walked


def _images(draw: Draw) -> tuple[torch.Tensor]:
    batch, height, width = draw.sizes(3, 4, 8)
    return (draw.randn(batch, 3, height, width),)


def _unfolded(
    images: torch.Tensor,
    pattern: str = "b (n c) h w",
    neighbours: str = "y x",
    edge: str = "constant",
) -> torch.Tensor:
    numbers = unfold(pad(images, (1, 1, 1, 1), mode=edge), 3)
    sizes = {"c": 3, "y": 3, "h": images.shape[-2]}
    split = rearrange(numbers, f"b (c y x) (h w) -> b c ({neighbours}) h w", **sizes)
    return rearrange(split, f"b c n h w -> {pattern}")


NEIGHBOURHOODS = Exercise(
    task="give every pixel of images [batch, 3, height, width] the 27 numbers of its 3 x 3 "
    "neighbourhood, the three colours of each neighbour together: [batch, 27, height, width]. "
    "Beyond the edge is 0.",
    inputs=_images,
    reference=_unfolded,
    slips=(
        Slip(
            "that is unfold's own order, nine neighbours of one colour after another; the released "
            "weights expect three colours of one neighbour after another.",
            {"pattern": "b (c n) h w"},
        ),
        Slip(
            "the neighbours are taken column by column; row by row is the order.",
            {"neighbours": "x y"},
        ),
        Slip("beyond the edge is 0; here the edge is repeated.", {"edge": "replicate"}),
        Slip(
            "without padding the pixels at the edge are lost: padding=1.",
            lambda images: _unfolded(images)[..., 1:-1, 1:-1],
        ),
        Slip("that is the pixel alone; its neighbours are missing.", lambda images: images),
        Slip(
            "the neighbours are in reverse: top left comes first.",
            lambda images: _unfolded(images).unflatten(1, (9, 3)).flip(1).flatten(1, 2),
        ),
    ),
)


def _tiles(draw: Draw) -> tuple[int, int, int]:
    """A picture's length, that of a tile, and what neighbours share; in one round they fit."""
    overlap, step = draw.sizes(2, 4, 30)
    return overlap + 5 * step + draw.choice((0, 1, 3)), overlap + step, overlap


def _starts(
    length: int, tile: int, overlap: int, share: int = 1, reach: int = 0, ends: bool = True
) -> list[int]:
    last = [length - tile] if ends else []
    return [*range(0, length - tile + reach, tile - share * overlap), *last]


TILE_STARTS = Exercise(
    task="where do tiles begin along one axis? One after another, neighbours sharing `overlap` "
    "pixels, and the last one moved back until it ends where the picture ends. Return a list.",
    inputs=_tiles,
    reference=_starts,
    slips=(
        Slip("neighbours share pixels, so that a step is tile - overlap.", {"share": 0}),
        Slip("that leaves gaps: a step is tile - overlap, not tile + overlap.", {"share": -1}),
        Slip("pixels at the end are covered by no tile.", {"ends": False}),
        Slip(
            "where tiles fit exactly, the last one is there already: it is twice here.",
            {"reach": 1},
        ),
        Slip(
            "the last tile reaches beyond the picture: move it back, to length - tile.",
            lambda length, tile, overlap: list(range(0, length, tile - overlap)),
        ),
        Slip(
            "`overlap` is what neighbours share; the step is what they do not share.",
            lambda length, tile, overlap: [*range(0, length - tile, overlap), length - tile],
        ),
        Slip(
            "those are the ends; asked is where tiles begin.",
            lambda *sizes: [start + sizes[1] for start in _starts(*sizes)],
        ),
    ),
)


def _flows(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    batch, height, width = draw.sizes(3, 3, 9)
    return draw.randn(batch, height, width, 2), draw.randn(batch, height, width, 2)


END_POINT_ERROR = Exercise(
    task="flow and truth are [batch, height, width, 2], in pixels. How far, on average over all "
    "pixels, is the point that flow names from the one where the pixel really went?",
    inputs=_flows,
    reference=lambda flow, truth: (flow - truth).norm(dim=-1).mean(),
    slips=(
        Slip(
            "that is the error of one coordinate; how far off a point is says Pythagoras.",
            lambda flow, truth: (flow - truth).abs().mean(),
        ),
        Slip(
            "both errors are added; how far off a point is says Pythagoras.",
            lambda flow, truth: (flow - truth).abs().sum(-1).mean(),
        ),
        Slip(
            "those are squared distances; take the root of each before the mean.",
            lambda flow, truth: (flow - truth).square().sum(-1).mean(),
        ),
        Slip(
            "that is the mean squared error of a coordinate; a distance has a root.",
            lambda flow, truth: (flow - truth).square().mean(),
        ),
        Slip(
            "the root comes before the mean: else the worst pixels count most.",
            lambda flow, truth: (flow - truth).square().sum(-1).mean().sqrt(),
        ),
        Slip(
            "norm over everything is one number for all pixels; take it over the last axis.",
            lambda flow, truth: (flow - truth).norm(),
        ),
        Slip(
            "the two coordinates lie along the last axis: dim=-1.",
            lambda flow, truth: (flow - truth).norm(dim=1).mean(),
        ),
        Slip(
            "that is the sum over all pixels; take the mean.",
            lambda flow, truth: (flow - truth).norm(dim=-1).sum(),
        ),
        Slip(
            "that is how far the pixels move; compare it with the truth.",
            lambda flow, _truth: flow.norm(dim=-1).mean(),
        ),
        Slip(
            "on average: the mean, not the median.",
            lambda flow, truth: (flow - truth).norm(dim=-1).median(),
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
