"""Exercises about classifying texts: heads, pooling, and what is held back."""

import torch
from einops import reduce
from torch import Tensor

from perceiver_tutorial.perceiver import TEXT_CLASSIFIER

from ...kit.exercises import BugHunt, Draw, Exercise, Slip
from ...kit.predictions import walked

HEAD_PARAMETERS = Exercise(
    task="return how many parameters the last linear map has: from `channels` of one output row to "
    "`classes` scores.",
    inputs=lambda draw: tuple(draw.sizes(2, 2, 200)),
    reference=lambda channels, classes: channels * classes + classes,
    slips=(
        Slip("each score has a bias as well.", lambda channels, classes: channels * classes),
        Slip(
            "one bias for each score, not for each channel.",
            lambda channels, classes: channels * classes + channels,
        ),
        Slip(
            "every score has a bias of its own, not one for all.",
            lambda channels, classes: channels * classes + 1,
        ),
        Slip(
            "the query is a part of its own, and keeps its width whatever the classes.",
            lambda channels, classes: channels * classes + classes + channels,
        ),
    ),
)


def _latents_and_head(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    batch, latents, channels, classes = draw.sizes(4)
    return draw.randn(batch, latents, channels), draw.randn(classes, channels), draw.randn(classes)


def _pooled_scores(
    latents: Tensor, weight: Tensor, bias: Tensor, pool: str = "mean", biases: int = 1
) -> Tensor:
    first = latents[:, 0] if pool == "first" else reduce(latents, "b n c -> b c", pool)
    return first @ weight.T + biases * bias


POOLED_SCORES = Exercise(
    task="score the classes without a query: the mean of the latents [batch, latents, channels], "
    "then the linear map `weight` [classes, channels], `bias` [classes].",
    inputs=_latents_and_head,
    reference=_pooled_scores,
    slips=(
        Slip("that is the sum of the latents; divide by how many they are.", {"pool": "sum"}),
        Slip("that is one latent only; all of them have something to say.", {"pool": "first"}),
        Slip("that is the maximum of the latents; take their mean.", {"pool": "max"}),
        Slip("the bias is missing.", {"biases": 0}),
        Slip("the bias is added twice.", {"biases": 2}),
        Slip(
            "the mean runs over the batch: each sample now depends on the others.",
            lambda latents, weight, bias: (
                latents.mean((0, 1), keepdim=True)[0].expand(len(latents), -1) @ weight.T + bias
            ),
        ),
        Slip(
            "those are probabilities; scores are what goes into the softmax.",
            lambda latents, weight, bias: _pooled_scores(latents, weight, bias).softmax(-1),
        ),
        Slip(
            "that is the last latent only; all of them have something to say.",
            lambda latents, weight, bias: latents[:, -1] @ weight.T + bias,
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
