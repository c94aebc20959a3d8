"""Where weights start: spread so that signals keep their size, and small models learn."""

import torch
from torch import nn


def initialise(model: nn.Module) -> nn.Module:
    """Start every linear map, convolution and embedding of a model afresh.

    Linear maps and convolutions keep the variance of what flows through them: each
    weight has variance 1 / inputs, biases are 0, as in DeepMind's code (which
    draws from a truncated normal where we draw evenly). Embeddings get a standard
    deviation of 0.02. transformers gives 0.02 to everything, which suits widths
    around 1000 only: a tiny model that starts so does not leave chance.

    Args:
        model: changed in place.

    Returns:
        The same model.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.ConvTranspose3d):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
    return model


def scale_tables(model: nn.Module, std: float) -> None:
    """Spread learned tables wider or narrower: embeddings, positions, latents, queries.

    Published tables start with a standard deviation of 0.02 and have long schedules.
    One step of a short training with a high rate moves them by a tenth of that, all
    rows much alike, so that places and bytes are hard to tell apart for long.

    Args:
        model: changed in place.
        std: the standard deviation that every table shall have.
    """
    layers = (nn.Linear, nn.LayerNorm, nn.Conv2d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    others = (module for module in model.modules() if not isinstance(module, layers))
    own = (p for module in others for p in module.parameters(recurse=False))
    with torch.no_grad():
        for table in own:
            if table.ndim == 2 or (table.ndim == 3 and table.shape[1] > 1):  # no single token
                table *= std / table.std()
