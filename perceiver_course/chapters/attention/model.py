"""What an attention layer multiplies its scores by, measured from outside."""

import torch
from torch import nn


def measured_scale(layer: nn.Module) -> float:
    """The factor between bare products of queries and keys, and what the softmax was given.

    Softmax keeps differences: the logarithms of two weights of a row differ by as much as their
    scores did. One query reads two inputs, in every head.

    Args:
        layer: a PerceiverSelfAttention of transformers that reads another array.
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
