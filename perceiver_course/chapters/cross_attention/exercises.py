"""Exercises about cross-attention layers: parameters, post-norm, a repair, sets, counting."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from perceiver_tutorial.attention import attention

from ...kit.exercises import BugHunt, Build, Exercise, NotYet, Project, Repair, Slip, Stage
from ...kit.predictions import walked
from ...kit.proofs import randomise
from .model import PostNormLayer


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _parameters(
    d: int, c: int, qk: int, v: int,
    has_biases: bool = True, norms: str = "three", is_kv_wide: bool = True,
) -> int:  # fmt: skip
    kv = c if is_kv_wide else d
    sides = [(d, qk), (kv, qk), (kv, v), (v, d), (d, d), (d, d)]
    learned = {"three": 4 * d + 2 * c, "two": 2 * d + 2 * c, "none": 0}
    return sum(a * b + b * has_biases for a, b in sides) + learned[norms]


CROSS_PARAMETERS = Exercise(
    task="return the number of parameters of a cross-attention layer: latents d wide, inputs c "
    "wide, queries and keys qk wide, values v wide; LayerNorm of latents, of inputs and before the "
    "MLP; an MLP of two linear layers d to d.",
    inputs=lambda draw: tuple(16 * size for size in draw.sizes(4, low=2, high=90)),
    reference=_parameters,
    slips=(
        Slip(
            "every linear layer has biases, as many as outputs: six layers, six of them.",
            {"has_biases": False},
        ),
        Slip(
            "LayerNorm learns too: a scale and a shift for each channel, three times.",
            {"norms": "none"},
        ),
        Slip(
            "there are three norms: of the latents, of the inputs, and before the MLP.",
            {"norms": "two"},
        ),
        Slip("keys and values are made from the inputs, which are c wide.", {"is_kv_wide": False}),
    ),
)


def _post_norm(draw):
    channels, rows, heads = 4 * draw.size(2, 5), draw.size(3, 9), draw.choice((1, 2, 4))
    return (
        {"channels": channels, "num_heads": heads},
        (draw.randn(2, rows, channels),),
    )


class _PreNorm(PostNormLayer):
    """Where the norm was before."""

    def forward(self, x):
        y = self.norm_q(x)
        x = x + self.attention(y, y)
        return x + self.mlp(self.norm_mlp(x))


class _Inside(PostNormLayer):
    """Norms behind the sublayers, before the residuals are added."""

    def forward(self, x):
        x = x + self.norm_q(self.attention(x, x))
        return x + self.norm_mlp(self.mlp(x))


class _Swapped(PostNormLayer):
    """The two norms have changed places."""

    def forward(self, x):
        x = self.norm_mlp(x + self.attention(x, x))
        return self.norm_q(x + self.mlp(x))


class _NoResidual(PostNormLayer):
    """The residuals are missing."""

    def forward(self, x):
        return self.norm_mlp(self.mlp(self.norm_q(self.attention(x, x))))


POST_NORM = Build(
    task="write `PostNormLayer(channels, num_heads)` with the parts of `SelfAttentionLayer` "
    "(norm_q, attention, norm_mlp, mlp), but normalise after each residual.",
    reference=PostNormLayer,
    make=_post_norm,
    slips=(
        Slip("this is pre-norm: normalise the sum, not what goes into a sublayer.", _PreNorm),
        Slip("normalise after the residual is added, not before.", _Inside),
        Slip("the two norms have changed places: norm_q belongs to the attention.", _Swapped),
        Slip("the residuals are missing.", _NoResidual),
    ),
)


def _made(yours: Callable, draw) -> tuple[nn.Module, Tensor, Tensor]:
    d, c, f, n, m = draw.sizes(5, low=3, high=9)
    return randomise(yours(d, c, f)), draw.randn(2, n, d), draw.randn(2, m, c)


def _weights(yours: Callable, draw) -> str:
    layer, z, x = _made(yours, draw)
    layer(z, x)
    sums = layer.weights.sum(-1)
    if torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
        return ""
    return (
        f"the weights of one query sum to {sums.min():.2f} to {sums.max():.2f}, and should sum "
        "to 1."
    )


def _numbers(yours: Callable, draw) -> str:
    layer, z, x = _made(yours, draw)
    wanted = z + layer.o(attention(layer.q(z), layer.k(x), layer.v(x)))
    apart = float((layer(z, x) - wanted).abs().max())
    if apart < 1e-4:
        return ""
    return (
        f"with widths D = {z.shape[-1]} and F = {layer.q.out_features} the output differs from "
        f"the formula's by up to {apart:.2f}."
    )


CROSS_REPAIR = Repair(
    task="a small cross-attention layer without norms and MLP.",
    stages=(
        Stage(_weights, "Which axis of [batch, latents, inputs] is the one of the inputs?"),
        Stage(_numbers, "The scale depends on the vectors that are multiplied. How wide are they?"),
    ),
)


def _latents_and_inputs() -> tuple[Tensor, Tensor]:
    """Three latents and eleven inputs of four channels, to try a cross-attention on."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 3, 4, generator=generator), torch.randn(1, 11, 4, generator=generator)


def _is_set_function(attend) -> bool:
    latents, inputs = _latents_and_inputs()
    order = torch.randperm(11, generator=torch.Generator().manual_seed(2))
    return torch.allclose(attend(latents, inputs), attend(latents, inputs[:, order]), atol=1e-5)


def _smoothed(x: Tensor) -> Tensor:
    return (x.roll(-1, 1) + x + x.roll(1, 1)) / 3


READS_A_SET = BugHunt(
    task="`attend(latents, inputs)` takes latents [1, 3, 4] and inputs [1, 11, 4]. Return whether "
    "the order of the inputs makes no difference.",
    inputs=_latents_and_inputs,
    right=lambda z, x: attention(z, x, x),
    bugs={
        "pairs keys with the values of the opposite order": lambda z, x: attention(z, x, x.flip(1)),
        "averages each value with its neighbours": lambda z, x: attention(z, x, _smoothed(x)),
        "ignores the last three inputs": lambda z, x: attention(z, x[:, :8], x[:, :8]),
        "adds a position to each key": lambda z, x: attention(
            z, x + torch.linspace(-1, 1, 11)[:, None], x
        ),
    },
    reference=_is_set_function,
)


MOST, DIGITS = 1000, 3


def weights_of_constant(score: float) -> list[float]:
    """The weight of one row with a score of its own beside 1 to 1,000 rows with score 0.

    Rounded to 3 decimals.
    """
    numbers = torch.arange(1, MOST + 1, dtype=torch.float64)
    return [round(weight, DIGITS) for weight in torch.sigmoid(score - numbers.log()).tolist()]


def _parts(answer: Callable) -> tuple[list[float], Callable]:
    """The score of the constant row in each head, and the function that counts.

    Raises:
        NotYet: if the answer holds something else.
    """
    found = answer()
    if not (isinstance(found, tuple) and len(found) == 2 and callable(found[1])):
        raise NotYet("expected (scores, count): a list of numbers and a function of weights.")
    return [float(score) for score in found[0]], found[1]


def _error(answer: Callable) -> float:
    scores, count = _parts(answer)
    weights = zip(*map(weights_of_constant, scores), strict=True)
    guesses = torch.tensor([float(count(list(each))) for each in weights], dtype=torch.float64)
    numbers = torch.arange(1, MOST + 1)
    return float(((guesses - numbers).abs() / numbers).max())


COUNTING = Project(
    name="cross_attention.counting",
    task="`counter()` returns (scores, count). In each head one constant row has the score "
    "scores[h], all n inputs have score 0. `count(weights)` gets the constant row's weights, "
    "rounded to 3 decimals, and says n. The score is the largest relative error for n from 1 to "
    "1,000.",
    score=_error,
    rivals={
        "one head, score 0": _error(lambda: ([0.0], lambda w: 1 / max(w[0], 5e-4) - 1)),
        "always 2": _error(lambda: ([0.0], lambda _: 2)),
    },
    limits={"heads": (lambda answer: len(_parts(answer)[0]), 2)},
    is_lower_better=True,
)


LANGUAGE = "deepmind/language-perceiver"


PREDICTIONS = {
    "cross_attention.map": walked(
        question="in the published language model N = 256 latents, D = 1280 wide, attend to M = "
        "2048 bytes, C = 768 wide, with A = 8 heads. Queries and keys are Q = 256 wide, values "
        "V = 1280. What is the shape of the attention weights of all heads?",
        step=(LANGUAGE, "encoder.cross.0.attention.weights"),
        slips={
            "B, A, M, N": "transposed: a row for each query (latent), a column for each key.",
            "B, A, N, N": "those are the weights of the latents' self-attention.",
            "B, A, M, M": "those would be the weights of self-attention over all bytes.",
            "B, N, M": "each head has weights of its own.",
            "B, A, N, D": "weights say how much each byte counts; they have no channels.",
        },
    ),
    "cross_attention.keys": walked(
        question="and the shape of the keys, before they are split into heads?",
        step=(LANGUAGE, "encoder.cross.0.attention.k_proj"),
        slips={
            "B, M, C": "a linear layer makes keys of the bytes, as wide as the queries.",
            "B, N, Q": "those are the queries; every byte has a key.",
            "B, M, D": "the latents' width does not occur here: queries and keys are Q wide.",
            "B, M, V": "those are the values.",
        },
    ),
    "cross_attention.output": walked(
        question="and the shape of the layer's output?",
        step=(LANGUAGE, "encoder.cross.0"),
        slips={
            "B, M, D": "a row for each query; the bytes are summed over.",
            "B, N, C": "the output is as wide as the queries' array, the latents.",
            "B, N, V": "so wide is the weighted average; W_O brings it to the latents' width.",
        },
    ),
}
