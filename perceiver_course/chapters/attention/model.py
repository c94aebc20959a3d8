"""What an attention layer multiplies its scores by; colours as queries and keys."""

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn


def measured_scale(layer: nn.Module) -> float:
    """The factor between bare products of queries and keys, and what the softmax was given.

    Softmax keeps differences: the logarithms of two weights of a row differ by as much as their
    scores did. One query attends to two inputs, in every head.

    Args:
        layer: a PerceiverSelfAttention of transformers that attends to another array.
    """
    layer = layer.double().eval()
    x_q = torch.randn(1, 1, layer.query.in_features).double()
    x_kv = torch.randn(1, 2, layer.key.in_features).double()
    with torch.no_grad():
        weights = layer(x_q, inputs=x_kv, output_attentions=True)[1]  # [1, heads, 1, 2]
        queries, keys = layer.query(layer.layernorm1(x_q)), layer.key(layer.layernorm2(x_kv))
    products = (queries * keys).unflatten(2, (layer.num_heads, -1)).sum(-1)  # [1, 2, heads]
    differences = weights.log().diff(dim=-1).flatten() / products.diff(dim=1).flatten()
    return differences.mean().item()


def colour_rows(
    image: Float[Tensor, "3 height width"],
) -> tuple[Float[Tensor, "pixels 4"], Float[Tensor, "pixels 4"]]:
    """Queries and keys of every pixel; their product is larger, the closer two colours are.

    -|a - b|² / 2 = a·b - |b|² / 2 - |a|² / 2; the last part is the same for all keys, so the
    softmax does not see it. The first two are the product of [a, 1] and [b, -|b|² / 2].
    """
    colours = rearrange(image, "c h w -> (h w) c")
    colours = (colours - colours.mean(0)) / colours.std(0)
    ones = torch.ones(len(colours), 1)
    lengths = (colours**2).sum(-1, keepdim=True)
    return torch.cat([colours, ones], -1), torch.cat([colours, -lengths / 2], -1)
