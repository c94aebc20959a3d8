"""Exercises about cost: operations, bytes, and where a Perceiver begins to pay."""

import torch

from perceiver_tutorial.tracing import cost, walk

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.formulas import layer_flops
from ...kit.predictions import Prediction


def _read(latents: int, inputs: int, channels: int, *, without: str = "", each: int = 2) -> int:
    flops = layer_flops(latents, inputs, channels, channels)
    counted = sum(count for part, count in flops.items() if part not in without.split(", "))
    return counted * each // 2


READING_FLOPS = Exercise(
    task="return the operations of a cross-attention layer: `latents` rows read `inputs` rows, all "
    "`channels` wide. Queries, keys, values, scores, context, output, and an MLP of two maps.",
    inputs=lambda draw: (draw.choice((512, 256, 2048)), draw.choice((50176, 2048, 784)), 200),
    reference=_read,
    slips=(
        Slip("a multiplication and an addition are two operations.", {"each": 1}),
        Slip(
            "the inputs have to be mapped to keys and values first: 2 * 2 * inputs * channels**2.",
            {"without": "keys, values"},
        ),
        Slip("keys and values are two maps of the inputs.", {"without": "keys"}),
        Slip(
            "there are two products with the map: the scores, and the weighted values.",
            {"without": "context"},
        ),
        Slip(
            "four products take 2 * latents * channels**2 each: queries, output, and both of the "
            "MLP.",
            {"without": "output"},
        ),
        Slip("the MLP belongs to the layer: 2 * 2 * latents * channels**2.", {"without": "MLP"}),
        Slip(
            "the inputs do not ask: the map is latents x inputs.", lambda _n, m, c: _read(m, m, c)
        ),
        Slip(
            "those are the scores; six further products are to be counted.",
            lambda n, m, c: 2 * n * m * c,
        ),
    ),
)


def _map_bytes(latents: int, inputs: int, heads: int, *, of_heads: int = 0, each: int = 4) -> int:
    return each * (of_heads or heads) * latents * inputs


MAP_BYTES = Exercise(
    task="return the bytes of the attention maps of all heads: `latents` rows read `inputs` rows; "
    "numbers of 32 bits.",
    inputs=lambda draw: (
        draw.choice((2048, 512, 1000)),
        draw.choice((182528, 50176, 4096)),
        draw.choice((3, 8, 16)),
    ),
    reference=_map_bytes,
    slips=(
        Slip("32 bits are 4 bytes.", {"each": 32}),
        Slip("one number is 4 bytes.", {"each": 1}),
        Slip("every head has a map of its own.", {"of_heads": 1}),
        Slip("a map has a column for each input: latents x inputs.",
             lambda n, _m, heads: _map_bytes(n, n, heads)),
        Slip("a map has a row for each latent: latents x inputs.",
             lambda _n, m, heads: _map_bytes(m, m, heads)),
    ),
)  # fmt: skip


def _thinking(rows: int, channels: int, layers: int) -> int:
    return layers * _read(rows, rows, channels)


def _most(inputs: int, channels: int, layers: int, share: float, reading: bool = True) -> int:
    """The most latents with which a Perceiver takes at most a share of a plain Transformer."""
    limit = share * _thinking(inputs, channels, layers)
    return max(
        n
        for n in range(1, inputs)
        if reading * _read(n, inputs, channels) + _thinking(n, channels, layers) <= limit
    )


HALF_THE_COST = Exercise(
    task="return the largest number of latents with which one cross-attention layer and `layers` "
    "self-attention layers on the latents take at most half the operations of `layers` "
    "self-attention layers on all inputs. attention(n, m, c) counts one layer in which n rows "
    "read m rows, all c wide; it is the first argument.",
    inputs=lambda draw: (_read, draw.choice((1024, 900, 640)), 64, draw.choice((4, 6, 3))),
    reference=lambda _attention, inputs, channels, layers: _most(inputs, channels, layers, 0.5),
    slips=(
        Slip("half the operations, not as many.",
             lambda _attention, m, c, layers: _most(m, c, layers, 1.0)),
        Slip("the cross-attention layer costs something, too.",
             lambda _attention, m, c, layers: _most(m, c, layers, 0.5, reading=False)),
        Slip("half as many rows cost less than half: the map has a quarter of the cells.",
             lambda _attention, m, _c, _layers: m // 2),
    ),
)  # fmt: skip


def _count(inputs: int, latents: int, channels: int) -> torch.Tensor:
    return torch.tensor([_read(latents, inputs, channels), _read(latents, latents, channels)])


def _grows_right(count) -> bool:
    few, some, more = (count(inputs, 7, 4) for inputs in (100, 200, 300))
    is_even = (more - some)[0] == (some - few)[0] > 0
    return bool(is_even and some[1] == few[1])


GROWS_RIGHT = BugHunt(
    task="`count(inputs, latents, channels)` returns a tensor of two numbers: the operations of "
    "cross-attention and of latent self-attention. Return whether the first grows by as much with "
    "every further input, and the second not at all.",
    inputs=lambda: (100, 7, 4),
    right=_count,
    bugs=(
        lambda m, n, c: torch.tensor([_read(m, m, c), _read(n, n, c)]),
        lambda m, n, c: torch.tensor([_read(n, m, c), _read(m, n, c)]),
        lambda _m, n, c: torch.tensor([_read(n, n, c), _read(n, n, c)]),
    ),
    reference=_grows_right,
)


FLOW = "deepmind/optical-flow-perceiver"
LATENTS, CHANNELS, INPUTS = 7, 12, 80


def _map_growth() -> tuple[int, ...]:
    """Cells of three attention maps for three times the inputs, over those for the inputs."""
    pairs = ((LATENTS, INPUTS), (LATENTS, LATENTS), (INPUTS, INPUTS))
    larger = ((LATENTS, 3 * INPUTS), (LATENTS, LATENTS), (3 * INPUTS, 3 * INPUTS))
    return tuple(a * b // (c * d) for (a, b), (c, d) in zip(larger, pairs, strict=True))


def _map_of_reading() -> tuple[int, ...]:
    latents = walk(FLOW, depth=1)["encoder"].shape[1]
    cells = cost(FLOW)["encoder.cross.0"].map_bytes // 4
    return 1, 1, latents, cells // latents


PREDICTIONS = {
    "cost.map": Prediction(
        question="the flow model's N = 2048 latents read M = 182528 inputs with one head. Which "
        "shape has the attention map: batch, heads, rows, columns?",
        formula="B, 1, N, M",
        symbols={"B": 1, "N": 2048, "M": 182528},
        slips={
            "B, 1, M, N": "turned round: a row for each who asks, a column for each who is read.",
            "B, 1, M, M": "that is a plain Transformer; here only the latents ask.",
            "B, 1, N, N": "that is the map of latent self-attention; here the columns are inputs.",
        },
        compute=_map_of_reading,
    ),
    "cost.growth": Prediction(
        question="F = 3 times as many inputs. How many times as many cells has the map of "
        "cross-attention, of latent self-attention, of a plain self-attention layer on the inputs? "
        "Give three numbers.",
        formula="F, 1, F**2",
        symbols={"F": 3},
        slips={
            "F, F, F**2": "latent self-attention does not depend on the inputs.",
            "F**2, 1, F**2": "in cross-attention only the columns are inputs.",
            "F, F, F": "only in cross-attention, where the columns are inputs; the latents stay N.",
            "F, 1, F": "where inputs read inputs, both rows and columns grow.",
        },
        compute=_map_growth,
    ),
}
