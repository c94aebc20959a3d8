"""Guesses about feature maps, of pictures that are not square, and of films."""

import torch

from ...hiera import PUBLISHED, HieraConfig
from ...tracing import walk
from .kinds import ComputedPrediction, WalkedPrediction

TINY = "facebook/hiera-tiny-224-hf"
FILM = "facebook/hiera_base_16x224"
OBLONG = {"B": 1, "H": 224, "W": 288, "C": 96}
FILMED = {"B": 1, "T": 16, "H": 224, "W": 224, "C": 96}


def _map(name: str, stage: int, input_size: tuple[int, ...]):
    """Computes the shape of one feature map of a published model."""

    def compute() -> tuple[int, ...]:
        config = PUBLISHED[name]
        assert isinstance(config, HieraConfig)
        with torch.device("meta"):
            return config.build().feature_maps(_raw(input_size))[stage].shape

    return compute


def _raw(input_size: tuple[int, ...]) -> torch.Tensor:
    *frames, height, width = input_size
    return torch.zeros(1, *frames, 3, height, width)


PREDICTIONS = {
    "maps.finest": ComputedPrediction(
        question="a picture of H x W = 224 x 288 pixels through Hiera tiny, C = 96. Which shape "
        "has the finest feature map, channels first?",
        formula="B, C, H//4, W//4",
        symbols=OBLONG,
        slips={
            "B, H//4, W//4, C": "channels come first in a feature map, as convolutions want it.",
            "B, C, 56, 56": "56 is for 224 pixels; the picture is wider, and so is its map.",
            "B, H//4 * W//4, C": "those are its tokens; a feature map has them on their grid.",
        },
        compute=_map(TINY, 0, (224, 288)),
    ),
    "maps.coarsest": ComputedPrediction(
        question="and the coarsest?",
        formula="B, 8*C, H//32, W//32",
        symbols=OBLONG,
        slips={
            "B, 4*C, H//32, W//32": "width doubles three times on the way from stage 1 to stage 4.",
            "B, 8*C, 7, 7": "7 is for 224 pixels; nine mask units fit side by side into 288.",
            "B, 8*C": "the mean over the grid comes only behind the last map.",
        },
        compute=_map(TINY, 3, (224, 288)),
    ),
    "film.patches": WalkedPrediction(
        question="a film of T = 16 frames, 224 x 224. A patch sees 3 x 7 x 7 pixels, the next "
        "begins 2 frames or 4 pixels further on. Which shape have all tokens?",
        formula="B, T//2 * H//4 * W//4, C",
        symbols=FILMED,
        slips={
            "B, T * H//4 * W//4, C": "the next patch begins two frames further on.",
            "B, T//3 * H//4 * W//4, C": "3 frames are seen, but patches overlap: they are 2 apart.",
            "B, H//4 * W//4, C": "so it is for a picture; a film has as many at each of 8 times.",
        },
        model=FILM,
        stage="encoder.to_patches",
    ),
    "film.last": ComputedPrediction(
        question="and the coarsest feature map of that film, time before height?",
        formula="B, 8*C, T//2, H//32, W//32",
        symbols=FILMED,
        slips={
            "B, 8*C, T//16, H//32, W//32": "poolings of 1 x 2 x 2 leave time as it is.",
            "B, 8*C, T, H//32, W//32": "two frames became one token at the start.",
            "B, T//2, H//32, W//32, 8*C": "channels come first in a feature map.",
        },
        compute=_map(FILM, 3, (16, 224, 224)),
    ),
    "film.answer": ComputedPrediction(
        question="and its answer, for L = 400 kinds of action?",
        formula="B, L",
        symbols={**FILMED, "L": 400},
        slips={
            "B, T//2, L": "the mean is taken over time, too: one score for each kind of action.",
            "B, T, L": "frames are not answered one by one.",
        },
        compute=lambda: walk(FILM)["answer"].shape,
    ),
}
