"""Guesses about the published optical flow model, and about tiles."""

import torch

from ...perceiver import flow_patches
from ...perceiver.flow import tile_corners
from .kinds import ComputedPrediction, WalkedPrediction

FLOW = "deepmind/optical-flow-perceiver"
SYMBOLS = {"B": 1, "H": 368, "W": 496, "K": 64, "N": 2048, "D": 512}

PREDICTIONS = {
    "flow.patches": ComputedPrediction(
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
    "flow.input-array": WalkedPrediction(
        question="54 numbers of a pixel go through a linear map to 64; places have K bands on two "
        "axes. Which shape has the input array?",
        formula="B, H*W, 64 + 2*(2*K + 1)",
        symbols=SYMBOLS,
        slips={
            "B, H*W, 54 + 2*(2*K + 1)": "so the post has it, and 312 is not its 322: a linear map "
            "makes 64 of the 54 first.",
            "B, 2*H*W, 64 + 2*(2*K + 1)": "both frames share a row: a pixel and what lies at the "
            "same place a moment later.",
            "B, H*W, 64": "and where is the pixel? Places are appended.",
        },
        model=FLOW,
        stage="preprocessor",
    ),
    "flow.queries": WalkedPrediction(
        question="every pixel asks how far it moves. Which shape have all queries?",
        formula="B, H*W, 64 + 2*(2*K + 1)",
        symbols=SYMBOLS,
        slips={
            "B, N, D": "those are the latents; they are read.",
            "B, H*W, 2*(2*K + 1)": "a place alone does not know its colours: here the inputs "
            "themselves ask.",
            "B, H*W, 2": "that will be the answer; a question is as wide as its maker likes.",
        },
        model=FLOW,
        stage="queries",
    ),
    "flow.answer": WalkedPrediction(
        question="and the answer?",
        formula="B, H, W, 2",
        symbols=SYMBOLS,
        slips={
            "B, H*W, 2": "at last the rows are given the shape of the picture again.",
            "B, 2, H, W": "how far right and how far down come last, not first.",
            "B, H, W": "how far right and how far down: two numbers for each pixel.",
        },
        model=FLOW,
        stage="answer",
    ),
    "flow.tiles": ComputedPrediction(
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
