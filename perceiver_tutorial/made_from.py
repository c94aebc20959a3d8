"""A model that is made from a model goes on as that one was."""

from typing import TypeVar

from torch import nn

Model = TypeVar("Model", bound=nn.Module)


def like(new: Model, old: nn.Module) -> Model:
    """Give a new model the type, the device, the mode and the frozenness of an old one.

    Parts are found by their names. What the old model does not have is in the mode of the
    part around it, is not frozen, and has the type and the device of the first parameter. To
    be called before weights are copied, so that none is rounded on the way.

    Args:
        new: just built; changed in place.
        old: stays as it is.

    Returns:
        The new model.
    """
    first = next(old.parameters())
    new.to(first.device, first.dtype)
    modes = {name: module.training for name, module in old.named_modules()}
    for name, module in new.named_modules():
        while name not in modes:
            name = name.rpartition(".")[0]
        module.training = modes[name]
    tensors = dict([*old.named_parameters(), *old.named_buffers()])
    for name, tensor in [*new.named_parameters(), *new.named_buffers()]:
        if name in tensors:
            tensor.data = tensor.data.to(tensors[name].dtype)
            tensor.requires_grad_(tensors[name].requires_grad)
    return new
