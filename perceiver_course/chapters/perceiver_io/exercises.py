"""Exercises about the whole model: who attends to what, what is shared, what it costs."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from perceiver_tutorial.attention import CrossAttentionLayer, SelfAttentionLayer
from perceiver_tutorial.positions import fourier_features, grid_positions
from perceiver_tutorial.tracing import walk

from ...kit.exercises import Build, Draw, Exercise, NotYet, Project, Repair, Slip, Stage
from ...kit.predictions import Prediction, walked
from ...kit.proofs import randomise
from .model import RIVALS, design_score, megaflop

FOURIER = "deepmind/vision-perceiver-fourier"


# --- write: the encoder of the first Perceiver ------------------------------------------------


def _encode(
    z: Tensor, x: Tensor, cross: nn.Module, block: nn.Module, repeats: int, mistake: str = ""
) -> Tensor:
    first = z
    for number in range(repeats):
        if mistake == "block first":
            z = block(z)
        if mistake != "attends once" or number == 0:
            z = cross(first if mistake == "first latents" else z, x)
        if mistake != "block first" and (mistake != "block last" or number == repeats - 1):
            z = block(z)
    return z


def _parts(draw: Draw) -> tuple[Tensor, Tensor, nn.Module, nn.Module, int]:
    samples, inputs, latents, channels, half = draw.sizes(5, low=2, high=9)
    cross = randomise(CrossAttentionLayer(2 * half, channels), seed=1)
    block = randomise(SelfAttentionLayer(2 * half, 2), seed=2)
    return (
        draw.randn(samples, latents, 2 * half),
        draw.randn(samples, inputs, channels),
        cross,
        block,
        draw.choice((2, 3, 4)),
    )


FIRST_PERCEIVER = Exercise(
    task="the first Perceiver (2021) attends to the inputs again before every pass of its block, "
    "each time with the same weights. Return its latents: z are the first latents, x the inputs; "
    "`cross(z, x)` is a cross-attention layer, `block(z)` one pass of the block, and there are "
    "`repeats` passes.",
    inputs=_parts,
    reference=_encode,
    slips=(
        Slip(
            "that is Perceiver IO: it attends to the inputs once, before the first pass.",
            {"mistake": "attends once"},
        ),
        Slip("each time the first latents ask again; the latest ones should.",
             {"mistake": "first latents"}),
        Slip("the block comes after the cross-attention.", {"mistake": "block first"}),
        Slip("the block runs after every cross-attention, not only after the last one.",
             {"mistake": "block last"}),
    ),
)  # fmt: skip


# --- build: a query for every pixel --------------------------------------------------------------


class PixelQueries(nn.Module):
    """A query for each cell of a grid: its Fourier features, through a linear layer."""

    def __init__(self, size: tuple[int, int], num_bands: int, num_channels: int):
        super().__init__()
        self.features = fourier_features(grid_positions(size), num_bands, size)
        self.proj = nn.Linear(self.features.shape[-1], num_channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, M, C] inputs, of which only B matters -> [B, O, E] queries."""
        return self.proj(self.features.to(x)).expand(len(x), -1, -1)


class _OtherFeatures(PixelQueries):
    """The same with other features."""

    def __init__(self, size, num_bands, num_channels, change: Callable):
        super().__init__(size, num_bands, num_channels)
        self.features = change(size, num_bands)


def _columns_first(size: tuple[int, int], num_bands: int) -> Tensor:
    rows, columns = size
    features = fourier_features(grid_positions(size), num_bands, size)
    return features.unflatten(0, (rows, columns)).transpose(0, 1).flatten(0, 1)


def _axes_swapped(size: tuple[int, int], num_bands: int) -> Tensor:
    return fourier_features(grid_positions(size).flip(-1), num_bands, (size[1], size[0]))


def _lowest_resolution(size: tuple[int, int], num_bands: int) -> Tensor:
    return fourier_features(grid_positions(size), num_bands, (min(size), min(size)))


def _grid(draw: Draw) -> tuple[dict, tuple]:
    rows, columns, bands, channels, samples, inputs = draw.sizes(6, low=2, high=9)
    options = {"size": (rows, columns), "num_bands": bands, "num_channels": channels}
    return options, (draw.randn(samples, inputs, 5),)


PIXEL_QUERIES = Build(
    task="write `PixelQueries(size, num_bands, num_channels)`, a query for each cell of a grid, in "
    "reading order: the Fourier features of the grid, with `size` as their maximum resolution, "
    "through one linear layer `proj` to `num_channels`. `forward(x)` is given the inputs [B, M, C] "
    "and returns [B, rows columns, num_channels].",
    reference=PixelQueries,
    make=_grid,
    slips=(
        Slip("the cells run down the columns; reading order runs along the rows.",
             partial(_OtherFeatures, change=_columns_first)),
        Slip("x stands before y: coordinates are (row, column).",
             partial(_OtherFeatures, change=_axes_swapped)),
        Slip("each axis has frequencies up to half of its own size.",
             partial(_OtherFeatures, change=_lowest_resolution)),
    ),
)  # fmt: skip


# --- repair: an encoder with three faults ---------------------------------------------------------


def _encoder(yours: Callable, draw: Draw) -> tuple[nn.Module, Tensor]:
    samples, inputs, latents, channels, width = draw.sizes(5, low=3, high=9)
    encoder = yours(channels, latents, width, num_blocks=2, num_layers=3)
    return randomise(encoder), draw.randn(1, inputs, channels).expand(samples, -1, -1)


def _samples_differ(yours: Callable, draw: Draw) -> str:
    encoder, x = _encoder(yours, draw)
    with torch.no_grad():
        z = encoder(x)
    if z.shape[0] != len(x):
        raise NotYet(f"{len(x)} samples go in, latents of {z.shape[0]} come out.")
    apart = (z - z[:1]).abs().max().item()
    if apart < 1e-4:
        return ""
    return f"{len(x)} copies of one sample get latents that are up to {apart:.2f} apart, not 0."


def _layers_are_one(yours: Callable, draw: Draw) -> str:
    encoder, _ = _encoder(yours, draw)
    different = len({id(layer) for layer in encoder.block})
    return "" if different == 3 else f"a block of 3 layers holds {different} different ones."


def _order_is_wrong(yours: Callable, draw: Draw) -> str:
    encoder, x = _encoder(yours, draw)
    order: list[str] = []
    for number, layer in enumerate(encoder.block):
        layer.register_forward_hook(lambda *_, number=number: order.append(str(number)))
    with torch.no_grad():
        encoder(x)
    want = [str(layer) for _ in range(2) for layer in range(3)]
    if order == want:
        return ""
    return f"two passes run the layers {' '.join(order)}; expected {' '.join(want)}."


ENCODER = Repair(
    task="an encoder: latents, one cross-attention layer, a block that runs several times",
    stages=(
        Stage(_samples_differ, "Look at the line that gives each sample its latents: which axis is "
                               "that of the samples after `view`?"),
        Stage(_layers_are_one, "`[layer] * 3` is one layer, three times in a list."),
        Stage(_order_is_wrong, "Which of the two loops is outside?"),
    ),
)  # fmt: skip


# --- project: a design within a budget -----------------------------------------------------------

SMALL_DESIGN = Project(
    name="perceiver_io.design",
    task="write a function without arguments that returns an untrained classifier for digits "
    "[B, 1, 8, 8] with 10 classes, such as `image_classifier(...)`. It may take 5 MFLOP for a "
    "digit. It is trained for 500 steps, as in the next notebook; its accuracy on the held-out "
    "digits counts.",
    score=design_score,
    rivals=RIVALS,
    seconds=120,
    limits={"MFLOP": (lambda design: megaflop(design()), 5.0)},
)


# --- predict ------------------------------------------------------------------------------------


def _shape(step: str) -> tuple[int, ...]:
    return walk(FOURIER, depth=None)[step].shape


PREDICTIONS = {
    "perceiver_io.latents": walked(
        question="B = 1 photograph of H x W = 224 x 224 pixels, N = 512 latents, D = 1,024 wide. "
        "The block of self-attention layers runs eight times. What is the shape of the latents "
        "that come out of the encoder?",
        step=(FOURIER, "encoder"),
        slips={
            "B, H*W, D": "a row for each pixel went in; the queries are the latents, and a layer "
            "returns a row for each query.",
            "B, 8*N, D": "the block changes the same latents eight times; none are added.",
            "B, N, 261": "that is the width of the inputs; the output is as wide as the queries.",
            "N, D": "the batch is missing: each photograph has latents of its own.",
        },
    ),
    "perceiver_io.weights": Prediction(
        question="the decoder has O = 1 query and A = 1 head, and attends to N = 512 latents. What "
        "is the shape of its attention weights, with the batch B = 1 and the heads?",
        formula="B, A, O, N",
        symbols={"B": 1, "A": 1, "O": 1, "N": 512, "M": 224 * 224},
        compute=partial(_shape, "decoder.cross.attention.weights"),
        slips={
            "B, A, N, O": "transposed: a row for each query, a column for each latent.",
            "B, A, O, M": "the decoder never sees the pixels; its keys come from the latents.",
            "B, A, N, N": "those are the weights of the latents' self-attention.",
            "B, O, N": "every head has weights of its own, also where there is one.",
        },
    ),
}
