"""Guesses about the image models that convolve: 1 x 1 with learned places, 7 x 7 with pooling."""

from dataclasses import dataclass

from ...perceiver import PUBLISHED, with_fidelity
from ...tracing import walk
from .kinds import ComputedPrediction, WalkedPrediction

LEARNED = "deepmind/vision-perceiver-learned"
CONV = "deepmind/vision-perceiver-conv"
IMAGE = {"B": 1, "H": 224, "W": 224, "N": 512, "D": 1024, "L": 1000}


@dataclass(frozen=True)
class LikeDeepMind:
    """One stop of the walk through a published model with DeepMind's choices."""

    model: str
    stage: str

    def __call__(self) -> tuple[int, ...]:
        return walk(with_fidelity(PUBLISHED[self.model], "deepmind"))[self.stage].shape


PREDICTIONS = {
    "learned.input-array": WalkedPrediction(
        question="3 x 224 x 224 colours; a 1 x 1 convolution to C channels, and learned places of "
        "P channels; both are 256. Which shape has the input array?",
        formula="B, H*W, C + P",
        symbols={**IMAGE, "C": 256, "P": 256},
        slips={
            "B, H*W, C": (
                "so it would be if places were added, as the post says; they are appended."
            ),
            "B, H*W, 3 + P": "the colours go through the convolution first; 256 come out.",
            "B, C + P, H, W": "rows come from the pixels; height and width are one axis now.",
            "B, C, H*W": "every pixel is a row; its channels come last.",
        },
        model=LEARNED,
        stage="preprocessor",
    ),
    "learned.table": ComputedPrediction(
        question="which shape has the table of places?",
        formula="H*W, P",
        symbols={**IMAGE, "P": 256},
        slips={
            "H + W, P": "rows and columns have no places of their own here; each pixel has one.",
            "B, H*W, P": "it is the same for every image, so it has no batch axis.",
            "H*W, 2*P": "512 is its width beside the colours; the places are 256 of that.",
        },
        compute=lambda: walk(LEARNED, depth=None)["preprocessor.where"].shape,
    ),
    "learned.query": WalkedPrediction(
        question="which shape has the query that asks for one of 1,000 classes?",
        formula="B, 1, D",
        symbols=IMAGE,
        slips={
            "B, 1, L": "so says the post; but the query reads latents, and is as wide as they are.",
            "B, L, D": "one query asks for all classes together, not one query for each.",
        },
        model=LEARNED,
        stage="queries",
    ),
    "conv.convolved": ComputedPrediction(
        question="64 filters of 7 x 7, stride 2, over 3 x 224 x 224, and 3 pixels of padding on "
        "every side. Which shape comes out?",
        formula="B, C, H//2, W//2",
        symbols={**IMAGE, "C": 64},
        slips={
            "B, C, H, W": "the stride is 2: every second place is skipped, down and across.",
            "B, C, H//2 - 3, W//2 - 3": (
                "that would be without padding: 3 pixels on every side make up for the kernel."
            ),
            "B, 3*C, H//2, W//2": "each filter sums over all three colours: one channel each.",
        },
        compute=lambda: walk(CONV, depth=None)["preprocessor.what.layers.0.convolve"].shape,
    ),
    "conv.input-array": WalkedPrediction(
        question="then a 3 x 3 max-pool with stride 2 and no padding, and places with K bands. "
        "Which shape has the input array of transformers?",
        formula="B, ((H//2 - 3)//2 + 1)*((W//2 - 3)//2 + 1), C + 2*(2*K + 1)",
        symbols={**IMAGE, "C": 64, "K": 64},
        slips={
            "B, (H//4)*(W//4), C + 2*(2*K + 1)": (
                "so it is in DeepMind's code; without padding the last row and column of windows "
                "do not fit."
            ),
            "B, ((H//2 - 3)//2 + 1)*((W//2 - 3)//2 + 1), C": "places are appended: 258 channels.",
            "B, ((H//2 - 3)//2 + 1)*((W//2 - 3)//2 + 1), 3 + 2*(2*K + 1)": (
                "the 3 colours are gone: the 64 channels of the convolution are read instead."
            ),
        },
        model=CONV,
        stage="preprocessor",
    ),
    "conv.input-array-of-deepmind": ComputedPrediction(
        question="and that of DeepMind, who pad until every fourth pixel has its cell?",
        formula="B, (H//4)*(W//4), C + 2*(2*K + 1)",
        symbols={**IMAGE, "C": 64, "K": 64},
        slips={
            "B, ((H//2 - 3)//2 + 1)*((W//2 - 3)//2 + 1), C + 2*(2*K + 1)": (
                "that is transformers, which pads before the convolution only."
            ),
            "B, (H//2)*(W//2), C + 2*(2*K + 1)": "the max-pool has a stride of 2 as well.",
        },
        compute=LikeDeepMind(CONV, "preprocessor"),
    ),
}
