"""Layers with the norm elsewhere or without residuals, and their gradients through depth."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, layer_norm

from perceiver_tutorial.attention import SelfAttentionLayer

LAYERS, WIDTH, ROWS, CLASSES = 24, 32, 16, 10


class PostNormLayer(SelfAttentionLayer):
    """A self-attention layer of the first Transformer: the norm comes after the residual."""

    def forward(self, x: Float[Tensor, "batch rows width"]) -> Float[Tensor, "batch rows width"]:
        x = self.norm_q(x + self.attention(x, x))
        return self.norm_mlp(x + self.mlp(x))


class NoResidualLayer(SelfAttentionLayer):
    """A pre-norm layer without its two residual connections."""

    def forward(self, x: Float[Tensor, "batch rows width"]) -> Float[Tensor, "batch rows width"]:
        y = self.norm_q(x)
        return self.mlp(self.norm_mlp(self.attention(y, y)))


class AloneLayer(SelfAttentionLayer):
    """A layer without residuals in which each row attends only to itself."""

    def forward(self, x: Float[Tensor, "batch rows width"]) -> Float[Tensor, "batch rows width"]:
        y, itself = self.norm_q(x), torch.eye(x.shape[1], dtype=torch.bool)
        return self.mlp(self.norm_mlp(self.attention(y, y, itself.expand(len(x), -1, -1))))


WAYS = {
    "pre-norm": SelfAttentionLayer,
    "post-norm": PostNormLayer,
    "no residual": NoResidualLayer,
    "no residual, alone": AloneLayer,
}


@dataclass(frozen=True)
class Depth:
    """What a stack of layers does with gradients and rows before any training.

    Attributes:
        gradients: norm of the loss's gradient with respect to what each layer gets.
        difference: how much the rows of a sample still differ behind the last layer: the length of
            their deviations from their mean, relative to their own length.
    """

    gradients: Float[Tensor, " layers"]
    difference: float


def through_depth(way: str, seed: int, layers: int = LAYERS) -> Depth:
    """Send random rows through fresh layers, each row with a label of its own, and come back.

    Args:
        way: one of `WAYS`.
        seed: of weights and data.
        layers: how many.
    """
    torch.manual_seed(seed)
    stack = [WAYS[way](WIDTH, num_heads=4, widening_factor=2) for _ in range(layers)]
    head, x = nn.Linear(WIDTH, CLASSES), torch.randn(8, ROWS, WIDTH, requires_grad=True)
    labels, inputs = torch.randint(CLASSES, (8 * ROWS,)), []
    for layer in stack:
        x.retain_grad()
        inputs.append(x)
        x = layer(x)
    difference = (x - x.mean(1, keepdim=True)).norm() / x.norm()
    logits = head(layer_norm(x, (WIDTH,)))
    cross_entropy(logits.flatten(0, 1), labels).backward()
    return Depth(torch.stack([each.grad.norm() for each in inputs]), difference.item())
