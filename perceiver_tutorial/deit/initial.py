"""How weights start: as in the code that trained the published models."""

from torch import nn


def initialise(model: nn.Module) -> None:
    """Start every linear map of a DeiT afresh.

    As in Meta's code: weights are drawn from a normal distribution with a standard
    deviation of 0.02, biases are 0, norms and the patches' convolution start as torch
    starts them. The learned tokens and the positions have drawn 0.02 already.
    In transformers these start at 0, all of them: then a fresh model has no idea where
    a patch is, and its two tokens stay twins that only their heads tell apart.

    Args:
        model: changed in place.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
