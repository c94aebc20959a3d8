"""What transformers' attention multiplies scores by, measured from outside."""

import torch
from transformers import PerceiverConfig
from transformers.models.perceiver.modeling_perceiver import PerceiverSelfAttention


def measured_scale(q_dim: int, kv_dim: int, num_heads: int, qk_channels: int) -> float:
    """The factor between bare products of queries and keys, and what the softmax was given.

    Softmax keeps differences: the logarithms of two weights of a row differ by as much as their
    scores did. One query reads two inputs, in every head of a layer with random weights.

    Args:
        q_dim: width of the array that the queries are made from.
        kv_dim: width of the array that keys and values are made from.
        num_heads: heads of the layer.
        qk_channels: width of queries and keys, all heads together.
    """
    widths = {"q_dim": q_dim, "kv_dim": kv_dim}
    sizes = {"num_heads": num_heads, "qk_channels": qk_channels, "v_channels": qk_channels}
    layer = PerceiverSelfAttention(PerceiverConfig(), True, **widths, **sizes).double().eval()
    x_q, x_kv = (torch.randn(1, n, width).double() for n, width in ((1, q_dim), (2, kv_dim)))
    with torch.no_grad():
        weights = layer(x_q, inputs=x_kv, output_attentions=True)[1]  # [1, heads, 1, 2]
        queries, keys = layer.query(layer.layernorm1(x_q)), layer.key(layer.layernorm2(x_kv))
    products = (queries * keys).unflatten(2, (num_heads, -1)).sum(-1)  # [1, 2, heads]
    differences = weights.log().diff(dim=-1).flatten() / products.diff(dim=1).flatten()
    return differences.mean().item()
