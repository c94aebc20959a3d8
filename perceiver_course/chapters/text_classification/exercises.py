"""Exercises about classifying texts: heads, pooling, and what is held back."""

import torch
from torch import Tensor

from perceiver_tutorial.perceiver import TEXT_CLASSIFIER

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.predictions import walked

HEAD_PARAMETERS = Exercise(
    task="return how many parameters the last linear map has: from `channels` of one output row to "
    "`classes` scores.",
    inputs=lambda: (1280, 2),
    reference=lambda channels, classes: channels * classes + classes,
    slips=(
        Slip("each score has a bias as well.", lambda channels, classes: channels * classes),
        Slip(
            "one bias for each score, not for each channel.",
            lambda channels, classes: channels * classes + channels,
        ),
        Slip(
            "the query is a part of its own, and keeps its width whatever the classes.",
            lambda channels, classes: channels * classes + classes + channels,
        ),
    ),
)


def _latents_and_head() -> tuple[Tensor, Tensor, Tensor]:
    """Two samples of 7 latents of width 5, and a head for 3 classes."""
    generator = torch.Generator().manual_seed(0)
    return tuple(torch.randn(size, generator=generator) for size in ((2, 7, 5), (3, 5), (3,)))


POOLED_SCORES = Exercise(
    task="score 3 classes without a query: the mean of the latents [2, 7, 5], then the linear map "
    "`weight` [3, 5], `bias` [3].",
    inputs=_latents_and_head,
    reference=lambda latents, weight, bias: latents.mean(1) @ weight.T + bias,
    slips=(
        Slip(
            "that is the sum of the latents; divide by how many they are.",
            lambda latents, weight, bias: latents.sum(1) @ weight.T + bias,
        ),
        Slip(
            "that is one latent only; all of them have something to say.",
            lambda latents, weight, bias: latents[:, 0] @ weight.T + bias,
        ),
        Slip("the bias is missing.", lambda latents, weight, _bias: latents.mean(1) @ weight.T),
        Slip(
            "the mean runs over the batch: each sample now hears the others.",
            lambda latents, weight, bias: (
                latents.mean((0, 1), keepdim=True)[0].expand(2, -1) @ weight.T + bias
            ),
        ),
    ),
)


def _modules_of_passages() -> tuple[Tensor]:
    """Twelve passages of four modules."""
    return (torch.tensor([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3]),)


def _holds_back(split) -> bool:
    (modules,) = _modules_of_passages()
    learned = split(modules)
    here, there = set(modules[learned].tolist()), set(modules[~learned].tolist())
    return bool(here and there and not here & there)


HOLDS_BACK = BugHunt(
    task="`split(modules)` takes the module of each passage and returns True where it may be "
    "learned from. Return whether some passages are held back, and no module is on both sides.",
    inputs=_modules_of_passages,
    right=lambda modules: modules % 4 != 3,
    bugs=(
        lambda modules: torch.arange(len(modules)) % 4 != 3,
        lambda modules: torch.arange(len(modules)) < 8,
        lambda modules: torch.ones_like(modules, dtype=torch.bool),
    ),
    reference=_holds_back,
)


PREDICTIONS = {
    "text_classification.query": walked(
        question="a text classifier with 256 latents of width 1280 and 2 classes asks one "
        "question. Which shape has the query?",
        step=(TEXT_CLASSIFIER, "queries"),
        slips={
            "B, 1, L": "so says the post; but a query is as wide as a latent.",
            "B, L, D": "one query asks for all classes together, not one query for each.",
            "B, N, D": "those are the latents, which are read; the query reads them.",
            "B, M, C": "those are the inputs; a query for each is what guessing bytes needs.",
        },
    ),
    "text_classification.output": walked(
        question="and what comes out of the decoder's cross-attention layer?",
        step=(TEXT_CLASSIFIER, "decoder"),
        slips={
            "B, 1, L": "not yet scores: a linear map makes them of this row afterwards.",
            "B, N, D": "as many rows come out as ask.",
            "B, D": "the axis of the one query is still there.",
        },
    ),
    "text_classification.answer": walked(
        question="and the answer?",
        step=(TEXT_CLASSIFIER, "answer"),
        slips={
            "B, 1, L": "the axis of the one query is squeezed away at the end.",
            "B, L, D": "a linear map turns 1280 channels into 2 scores.",
        },
    ),
}
