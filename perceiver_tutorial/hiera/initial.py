"""How weights start: as in transformers, or as in the released pre-training."""

from torch import nn

STD = 0.02
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def initialise(model: nn.Module) -> None:
    """Start every linear map, convolution and norm of a Hiera afresh.

    As in transformers: weights are drawn with a standard deviation of 0.02, and every bias
    is 0.02 too, those of the norms included. The released code leaves biases of
    convolutions alone, makes the classifier a thousand times smaller, and starts a
    pre-training with Xavier's weights and biases of 0.

    Args:
        model: changed in place.
    """
    for module in model.modules():
        if isinstance(module, LAYERS):
            nn.init.trunc_normal_(module.weight, std=STD)
        if isinstance(module, (*LAYERS, nn.LayerNorm)):
            nn.init.constant_(module.bias, STD)


def xavier(model: nn.Module) -> None:
    """Start every linear map, convolution and norm afresh, as the released pre-training does.

    Weights are spread evenly, so wide that signals keep their size whatever the width;
    a convolution counts as the linear map of its window. Biases are 0. A small model
    learns from this start what it hardly learns from weights of 0.02.

    Args:
        model: changed in place.
    """
    for module in model.modules():
        if isinstance(module, LAYERS):
            nn.init.xavier_uniform_(module.weight.data.flatten(1))
        if isinstance(module, (*LAYERS, nn.LayerNorm)):
            nn.init.zeros_(module.bias)
