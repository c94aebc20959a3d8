"""Exercises about reading: few rows that ask, many rows that are read, widths that differ."""

import torch
from torch import Tensor

from perceiver_tutorial.attention import attention

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.exercises.write import latents_and_inputs
from ...kit.predictions import walked


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _parameters(d: int, c: int, qk: int, v: int) -> int:
    norms, mlp = 2 * d + 2 * c + 2 * d, 2 * _linear(d, d)
    return norms + _linear(d, qk) + _linear(c, qk) + _linear(c, v) + _linear(v, d) + mlp


CROSS_PARAMETERS = Exercise(
    task="return the parameters of a cross-attention layer: latents d wide read inputs c wide, "
    "queries and keys meet at width qk, values are v wide; three norms, and an MLP of two maps d "
    "to d.",
    inputs=lambda: (1280, 768, 256, 1152),
    reference=_parameters,
    slips=(
        Slip(
            "every linear map has biases, as many as it has outputs: six maps, six rows.",
            lambda d, c, qk, v: _parameters(d, c, qk, v) - (2 * qk + v + 3 * d),
        ),
        Slip(
            "the three norms learn too: a scale and a shift for each channel.",
            lambda d, c, qk, v: _parameters(d, c, qk, v) - 4 * d - 2 * c,
        ),
        Slip(
            "there are three norms: of who asks, of what is read, and one before the MLP.",
            lambda d, c, qk, v: _parameters(d, c, qk, v) - 2 * d,
        ),
        Slip(
            "keys and values are made from the inputs, which are c wide.",
            lambda d, c, qk, v: (
                _parameters(d, c, qk, v) + _linear(d, qk) + _linear(d, v)
                - _linear(c, qk) - _linear(c, v)
            ),
        ),
    ),
)  # fmt: skip


def _asking() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    sizes = ((2, 3, 8), (2, 11, 5))
    return tuple(torch.randn(size, generator=generator) for size in sizes)


def _asking_and_maps() -> tuple[Tensor, ...]:
    """Latents [2, 3, 8], inputs [2, 11, 5], maps to queries, keys, values and output."""
    generator = torch.Generator().manual_seed(1)
    sizes = ((8, 4), (5, 4), (5, 6), (6, 8))
    return *_asking(), *(torch.randn(size, generator=generator) for size in sizes)


def _read(z: Tensor, x: Tensor, wq: Tensor, wk: Tensor, wv: Tensor, wo: Tensor) -> Tensor:
    return z + attention(z @ wq, x @ wk, x @ wv) @ wo


READ_ACROSS = Exercise(
    task="let latents z [2, 3, 8] read inputs x [2, 11, 5] through the maps wq [8, 4], wk [5, 4], "
    "wv [5, 6], wo [6, 8], without biases; add what was read to the latents.",
    inputs=_asking_and_maps,
    reference=_read,
    slips=(
        Slip(
            "that is what was read; the residual adds it to the latents.",
            lambda z, *rest: _read(z, *rest) - z,
        ),
        Slip(
            "queries meet keys at width 4: scale by its root, not by that of the latents' width.",
            lambda z, x, wq, wk, wv, wo: (
                z + ((z @ wq) @ (x @ wk).mT / 8**0.5).softmax(-1) @ x @ wv @ wo
            ),
        ),
        Slip(
            "the softmax runs over the latents; each latent should share out 1 over the inputs.",
            lambda z, x, wq, wk, wv, wo: z + ((z @ wq) @ (x @ wk).mT / 2).softmax(-2) @ x @ wv @ wo,
        ),
    ),
)


def _reads_a_set(read) -> bool:
    latents, inputs = latents_and_inputs()
    order = torch.randperm(11, generator=torch.Generator().manual_seed(2))
    return torch.allclose(read(latents, inputs), read(latents, inputs[:, order]), atol=1e-5)


def _smoothed(x: Tensor) -> Tensor:
    return (x.roll(-1, 1) + x + x.roll(1, 1)) / 3


READS_A_SET = BugHunt(
    task="`read(latents, inputs)` takes latents [1, 3, 4] and inputs [1, 11, 4]. Return whether "
    "the order of the inputs makes no difference.",
    inputs=latents_and_inputs,
    right=lambda z, x: attention(z, x, x),
    bugs=(
        lambda z, x: attention(z, x, x.flip(1)),
        lambda z, x: attention(z, x, _smoothed(x)),
        lambda z, x: attention(z, x[:, :8], x[:, :8]),
        lambda z, x: attention(z, x + torch.linspace(-1, 1, 11)[:, None], x),
    ),
    reference=_reads_a_set,
)


LANGUAGE = "deepmind/language-perceiver"


PREDICTIONS = {
    "cross_attention.map": walked(
        question="in the published language model N = 256 latents, D = 1280 wide, read M = 2048 "
        "bytes, C = 768 wide, with A = 8 heads. Queries and keys are Q = 256 wide, values "
        "V = 1280. Which shape have the maps of all heads together?",
        step=(LANGUAGE, "encoder.cross.0.attention.weights"),
        slips={
            "B, A, M, N": "turned round: a row for each latent that asks, a column for each byte.",
            "B, A, N, N": "that is a map of thinking; here latents look at bytes.",
            "B, A, M, M": "that is what a plain Transformer would need.",
            "B, N, M": "each head draws a map of its own.",
            "B, A, N, D": "a map says how much is read of each byte; it has no channels.",
        },
    ),
    "cross_attention.keys": walked(
        question="and the keys, before they are split into heads?",
        step=(LANGUAGE, "encoder.cross.0.attention.k_proj"),
        slips={
            "B, M, C": "a linear map makes keys of the bytes, at the width where queries wait.",
            "B, N, Q": "those are the queries; every byte has a key.",
            "B, M, D": "the latents' width does not come in: both sides are mapped to Q.",
            "B, M, V": "those are the values.",
        },
    ),
    "cross_attention.output": walked(
        question="and what comes out of the cross-attention layer?",
        step=(LANGUAGE, "encoder.cross.0"),
        slips={
            "B, M, D": "a row for each who asks; the bytes are mixed away.",
            "B, N, C": "what is read is C wide; what comes out is as wide as who asks.",
            "B, N, V": "so wide is the context; a last linear map brings it to the latents' width.",
        },
    ),
}
