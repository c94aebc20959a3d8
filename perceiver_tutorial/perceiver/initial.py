"""Where weights start: spread so that signals keep their size, and small models learn."""

from torch import nn


def initialise(model: nn.Module) -> None:
    """Start every linear map, convolution and embedding of a model afresh.

    Linear maps and convolutions keep the variance of what flows through them: each
    weight has variance 1 / inputs, biases are 0, as in DeepMind's code (which
    draws from a truncated normal where we draw evenly). Embeddings get a standard
    deviation of 0.02. transformers gives 0.02 to everything, which suits widths
    around 1000 only: a tiny model that starts so does not leave chance.

    Args:
        model: changed in place.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d | nn.ConvTranspose3d):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="linear")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
