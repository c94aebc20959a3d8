"""Exercises about training: gradients in parts, a schedule, a loop that is broken."""

import copy
import math
from collections.abc import Callable, Iterator
from functools import partial
from statistics import mean

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from perceiver_tutorial.tracing import walk

from ...kit import samples
from ...kit.exercises import Exercise, Project, Repair, Slip, Stage
from ...kit.predictions import Prediction
from ...kit.proofs import randomise
from ...kit.recipes.digits import FOURIER
from ...kit.training import accuracy
from .model import NEAREST, notes


def _accumulated(
    w: Tensor,
    x: Tensor,
    y: Tensor,
    parts: int,
    share: str = "samples",
    is_cleared: bool = False,
    is_negative: bool = False,
) -> Tensor:
    w = w.detach().clone().requires_grad_()
    total = torch.zeros_like(w)
    for some, labels in zip(x.chunk(parts), y.chunk(parts), strict=True):
        loss = cross_entropy(some @ w, labels)
        if share != "none":
            loss = loss * len(some) / len(x) if share == "samples" else loss / parts
        (gradient,) = torch.autograd.grad(loss, w)
        total = gradient if is_cleared else total + gradient
    return -total if is_negative else total


def _softmax_twice(w: Tensor, x: Tensor, y: Tensor, _parts: int) -> Tensor:
    w = w.detach().clone().requires_grad_()
    return torch.autograd.grad(cross_entropy((x @ w).softmax(-1), y), w)[0]


def _parts(draw) -> tuple[Tensor, Tensor, Tensor, int]:
    channels, classes = draw.sizes(2, low=3, high=7)
    parts = draw.choice((2, 3, 4))
    samples = 4 * parts + 1
    return (
        draw.randn(channels, classes),
        draw.randn(samples, channels),
        draw.randint(classes, samples),
        parts,
    )


IN_PARTS = Exercise(
    task="a batch does not fit into memory. Return the gradient of the mean cross-entropy of "
    "`x @ w` with labels y, for the matrix w, from `parts` pieces (`x.chunk(parts)`) one after "
    "the other. The last piece may be smaller.",
    inputs=_parts,
    reference=_accumulated,
    slips=(
        Slip("the gradients of means were added: weight each piece's loss by its share of the "
             "samples.", {"share": "none"}),
        Slip("the last piece is smaller, so it must weigh less: use len(piece) / len(x), not "
             "1 / parts.", {"share": "parts"}),
        Slip("only the last piece is left: gradients must be added up, not replaced.",
             {"is_cleared": True}),
        Slip("the sign is wrong: the gradient itself is asked for, not the step.",
             {"is_negative": True}),
        Slip("that is the gradient of the sum: the mean divides by all samples.",
             lambda w, x, y, parts: len(x) * _accumulated(w, x, y, parts)),
        Slip("the mean of a piece divides by its samples already: a piece weighs len(piece) / "
             "len(x), not 1 / len(x).",
             lambda w, x, y, parts: _accumulated(w, x, y, parts, "none") / len(x)),
        Slip("`cross_entropy` takes logits: the softmax is inside it.", _softmax_twice),
    ),
)  # fmt: skip


def _linear_schedule(
    step: int,
    steps: int,
    warmup: int,
    first: int = 1,
    last: int = 0,
    is_warm: bool = True,
    late: int = 0,
) -> float:
    if is_warm and step < warmup + late:
        return (step + first) / warmup
    return (steps - step - last) / (steps - warmup)


def _step_of(draw) -> tuple[int, int, int]:
    warmup, steps = draw.choice((5, 8, 10)), draw.choice((40, 50, 64))
    return draw.choice((0, 2, warmup, warmup + 7, steps - 1)), steps, warmup


LINEAR_SCHEDULE = Exercise(
    task="return the share of the learning rate at `step` (from 0): it grows in equal parts to 1 "
    "over the first `warmup` steps, 1/warmup at step 0; then it falls in equal parts, from 1 at "
    "step `warmup`, so that it would be 0 at step `steps`.",
    inputs=_step_of,
    rounds=5,
    reference=_linear_schedule,
    slips=(
        Slip("the first step would learn nothing: at step 0 the share is 1/warmup.", {"first": 0}),
        Slip("the last step, steps - 1, still learns a little.", {"last": 1}),
        Slip("the warm-up is missing.", {"is_warm": False}),
        Slip("the warm-up ends one step too late: at step `warmup` the fall begins.", {"late": 1}),
        Slip(
            "the fall begins at step `warmup`: divide by steps - warmup.",
            lambda step, steps, warmup: (
                (step + 1) / warmup if step < warmup else (steps - step) / steps
            ),
        ),
        Slip(
            "the fall begins after the warm-up: it is not multiplied with it.",
            lambda step, steps, warmup: min(1, (step + 1) / warmup) * (steps - step) / steps,
        ),
        Slip(
            "after the warm-up the share falls, to 0 at step `steps`.",
            lambda step, _steps, warmup: min(1, (step + 1) / warmup),
        ),
        Slip(
            "the fall has steps - warmup steps: count them from step `warmup`.",
            lambda step, steps, warmup: (
                (step + 1) / warmup if step < warmup else 1 - step / (steps - warmup)
            ),
        ),
        Slip(
            "it falls in equal parts: a line, not half a cosine.",
            lambda step, steps, warmup: (
                (step + 1) / warmup
                if step < warmup
                else (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
            ),
        ),
    ),
)

DIGITS = {"B": 1, "H": 8, "W": 8, "K": 4, "N": 16, "M": 64, "A": 1}


def _shape(step: str) -> tuple[int, ...]:
    return walk(FOURIER, depth=None)[step].shape


PREDICTIONS = {
    "training.input-array": Prediction(
        question="a digit of H = 8 by W = 8 pixels and one colour, K = 4 bands on both axes. "
        "What is the shape of the array that the encoder reads?",
        formula="B, H*W, 1 + 2*(2*K + 1)",
        symbols=DIGITS,
        compute=partial(_shape, "preprocessor"),
        slips={
            "B, H*W, 2*(2*K + 1)": "those are the positions; the colour is a channel, too.",
            "B, H*W, 1 + 2*2*K": "the raw coordinates are two more channels.",
            "B, H*W, 1": "the positions are missing.",
            "B, 1, H, W": "that is the image; the encoder reads a row for each pixel.",
        },
    ),
    "training.weights": Prediction(
        question="N = 16 latents read the M = 64 pixels with A = 1 head. What is the shape of the "
        "attention weights?",
        formula="B, A, N, M",
        symbols=DIGITS,
        compute=partial(_shape, "encoder.cross.0.attention.weights"),
        slips={
            "B, A, M, N": "transposed: a row for each query, and the latents are the queries.",
            "B, N, M": "each head has weights of its own; here there is one head.",
            "B, A, N, N": "those are the weights of the latents' self-attention.",
        },
    ),
}


def _line(draw) -> tuple[nn.Linear, Callable[[], Iterator[tuple[Tensor, Tensor]]]]:
    channels, classes, samples = draw.sizes(3, low=3, high=9)
    model = randomise(nn.Linear(channels, classes))
    data = [(draw.randn(samples, channels), draw.randint(classes, samples)) for _ in range(2)]
    return model, lambda: iter(data)


def _moved(fit: Callable, model: nn.Linear, source: Callable, steps: int) -> Tensor:
    """How far the weights are after some steps from where they were before the last one."""
    places = []
    for count in (steps - 1, steps):
        mine = copy.deepcopy(model)
        fit(mine, source(), count)
        places.append(mine.weight.detach())
    return places[1] - places[0]


def _plain_fit(model: nn.Linear, source: Iterator, steps: int) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _, (x, y) in zip(range(steps), source, strict=False):
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()


def _step_measured(steps: int, said: str) -> Callable[[Callable, object], str]:
    def measure(fit: Callable, draw) -> str:
        model, source = _line(draw)
        got, want = _moved(fit, model, source, steps), _moved(_plain_fit, model, source, steps)
        if torch.allclose(got, want, atol=1e-6):
            return ""
        return (
            f"{said} moves the weights by {got.norm():.3f}; 0.1 times the gradient of the "
            f"cross-entropy is {want.norm():.3f} long."
        )

    return measure


LOOP = Repair(
    task="a loop for gradient descent",
    stages=(
        Stage(
            _step_measured(1, "the first step"),
            "`cross_entropy` takes logits: the softmax is inside it.",
        ),
        Stage(
            _step_measured(2, "the first step is right; the second"),
            "`backward` adds to the gradients that are there: set them to zero first.",
        ),
    ),
)


def _score(build: Callable[[], nn.Module]) -> float:
    digits = samples.digits()
    return accuracy(build().eval(), digits.test_images, digits.test_labels)


def _reached(name: str) -> float:
    return round(mean(score for score, _ in notes().read()[name]), 3)


BEAT_THE_NEIGHBOUR = Project(
    name="training.digits",
    task="write a function without arguments that trains a model on the training digits, in at "
    "most a minute, and returns it. Its accuracy on the held-out digits counts; choose between "
    "your models on a part of the training digits.",
    score=_score,
    rivals={
        "convolutional network": _reached("convolutional network"),
        "nearest neighbour": NEAREST,
        "this notebook's Perceiver": _reached("Perceiver"),
    },
)
