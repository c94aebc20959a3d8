"""Exercises about the machine: who asks, who is read, what is shared."""

import torch
from torch import Tensor, nn

from perceiver_tutorial.attention import attention, attention_weights

from ...kit.exercises import BugHunt, Exercise, Slip
from ...kit.exercises.write import latents_and_inputs

READ = Exercise(
    task="let the latents read the inputs: return softmax(latents inputs^T / sqrt(4)) inputs.",
    inputs=latents_and_inputs,
    reference=lambda latents, inputs: attention(latents, inputs, inputs),
    slips=(
        Slip(
            "the softmax runs over the latents; each latent should share out 1 over the inputs.",
            lambda z, x: (z @ x.mT / 2).softmax(-2) @ x,
        ),
        Slip(
            "the scores are not divided by the root of the width.",
            lambda z, x: (z @ x.mT).softmax(-1) @ x,
        ),
        Slip(
            "here the inputs ask and the latents are read: turn it round.",
            lambda z, x: attention(x, z, z),
        ),
    ),
)

RUNS = Exercise(
    task="return how often self-attention layers run: `passes` times through a block of `layers`.",
    inputs=lambda: (8, 6),
    reference=lambda passes, layers: passes * layers,
    slips=(
        Slip("weights are shared, runs are not: every pass runs the block again.",
             lambda _passes, layers: layers),
        Slip("each pass runs every layer of the block once.",
             lambda passes, layers: passes + layers),
    ),
)  # fmt: skip

MAP_CELLS = Exercise(
    task="return (cells of the map if all inputs read all inputs, cells if the latents read them).",
    inputs=lambda: (50176, 512),
    reference=lambda inputs, latents: (inputs**2, inputs * latents),
    slips=(
        Slip("the latents ask, the inputs are read: the second map is latents x inputs.",
             lambda inputs, latents: (inputs**2, latents**2)),
        Slip("a map has a row for everyone who asks and a column for everyone who is read.",
             lambda inputs, latents: (inputs, latents)),
    ),
)  # fmt: skip


def _shares_out_one(weigh) -> bool:
    latents, inputs = latents_and_inputs()
    return torch.allclose(weigh(latents, inputs).sum(-1), torch.ones(1, 3))


SHARES_OUT_ONE = BugHunt(
    task="`weigh(latents, inputs)` returns attention weights [1, 3, 11] for latents [1, 3, 4] and "
    "inputs [1, 11, 4]. Return whether every latent shares out exactly 1.",
    inputs=latents_and_inputs,
    right=attention_weights,
    bugs=(
        lambda z, x: (z @ x.mT / 2).softmax(-2),
        lambda z, x: (z @ x.mT / 2).sigmoid(),
        lambda z, x: (z @ x.mT / 2).flatten(1).softmax(-1).unflatten(1, (3, 11)),
        lambda z, x: 3 * (z @ x.mT / 2).flatten(1).softmax(-1).unflatten(1, (3, 11)),
    ),
    reference=_shares_out_one,
)


class Dummy(nn.Module):
    """Fits into every place of a Perceiver IO: takes anything, returns zeros.

    Args:
        shape: of what is returned for one sample, e.g. (50176, 261).
    """

    are_inputs = False

    def __init__(self, *shape: int):
        super().__init__()
        self.shape = shape
        self.num_channels = shape[-1]

    def forward(self, taken: Tensor, *_more: Tensor | None) -> Tensor:
        return torch.zeros(taken.shape[0], *self.shape, device=taken.device)

    def all_points(self, inputs: Tensor) -> Tensor:
        return torch.arange(self.shape[0], device=inputs.device)

    def assemble(self, answers: Tensor) -> Tensor:
        return answers

    def extra_repr(self) -> str:
        """Show the shape where the machine is printed."""
        return " x ".join(map(str, self.shape))
