"""Guesses about what grows, and how."""

from ...tracing import cost, walk
from .kinds import ComputedPrediction

FLOW = "deepmind/optical-flow-perceiver"
LATENTS, CHANNELS, INPUTS = 7, 12, 80


def _map_growth() -> tuple[int, ...]:
    """Cells of three attention maps for three times the inputs, over those for the inputs."""
    pairs = ((LATENTS, INPUTS), (LATENTS, LATENTS), (INPUTS, INPUTS))
    larger = ((LATENTS, 3 * INPUTS), (LATENTS, LATENTS), (3 * INPUTS, 3 * INPUTS))
    return tuple(a * b // (c * d) for (a, b), (c, d) in zip(larger, pairs, strict=True))


def _map_of_reading() -> tuple[int, ...]:
    latents = walk(FLOW, depth=1)["encoder"].shape[1]
    cells = cost(FLOW)["encoder.reads.0"].map_bytes // 4
    return 1, 1, latents, cells // latents


PREDICTIONS = {
    "cost.map": ComputedPrediction(
        question="the flow model's N = 2048 latents read M = 182528 inputs with one head. Which "
        "shape has the attention map: batch, heads, rows, columns?",
        formula="B, 1, N, M",
        symbols={"B": 1, "N": 2048, "M": 182528},
        slips={
            "B, 1, M, N": "turned round: a row for each who asks, a column for each who is read.",
            "B, 1, M, M": "that is a plain Transformer; here only the latents ask.",
            "B, 1, N, N": "that is the map of thinking; in reading, the inputs are read.",
        },
        compute=_map_of_reading,
    ),
    "cost.growth": ComputedPrediction(
        question="F = 3 times as many inputs. How many times as many cells has the map of reading, "
        "of thinking, of a plain self-attend on the inputs? Give three numbers.",
        formula="F, 1, F**2",
        symbols={"F": 3},
        slips={
            "F, F, F**2": "thinking happens among the latents and does not see the inputs.",
            "F**2, 1, F**2": "only the columns of the reading's map are inputs.",
            "F, 1, F": "where inputs read inputs, both rows and columns grow.",
        },
        compute=_map_growth,
    ),
}
