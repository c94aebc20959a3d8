"""A twin for inference: a copy of a model that shares its weights, and is not trained."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

TO_TRAIN = "Train the model that it was made from; the sped-up one sees its new weights."


class ForInference:
    """What every sped-up model has in common, besides being what it was: it refuses to learn."""

    def train(self, mode: bool = True) -> nn.Module:
        """Stay in evaluation mode.

        Raises:
            ValueError: if asked to train.
        """
        if mode:
            raise ValueError(f"expected no training of a sped-up model, got .train(). {TO_TRAIN}")
        return super().train(mode)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        refuse_gradients((*args, *kwargs.values()))
        return super().__call__(*args, **kwargs)


def twin(model: nn.Module) -> nn.Module:
    """Copy a model, but not its weights: both have the same, also after a training step.

    The twin's weights want no gradients, so nothing is recorded for a backward pass.

    Args:
        model: in evaluation mode.

    Raises:
        ValueError: if the model is training.
    """
    if model.training:
        raise ValueError(
            "expected a model in evaluation mode, got one that is training: "
            "a sped-up model is for inference. Call model.eval() first."
        )
    shared = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in model.parameters()}
    shared |= {id(buffer): buffer for buffer in model.buffers()}
    return deepcopy(model, shared)


def seal(model: nn.Module) -> None:
    """Let a twin refuse to learn; it stays an instance of what it was."""
    kind = type(model)
    model.__class__ = type(f"SpedUp{kind.__name__.removeprefix('Fast')}", (ForInference, kind), {})


def refuse_gradients(values: Iterable[Any]) -> None:
    """Let values pass that need no gradients.

    Raises:
        ValueError: if one of them does: a sped-up model would cut it off from its history.
    """
    tensors = [value for value in values if isinstance(value, Tensor)]
    tensors += [one for value in values if isinstance(value, dict) for one in value.values()]
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        raise ValueError(
            "expected an input that needs no gradient, got one that does: a sped-up model has no "
            "backward pass. Use the model that it was made from, or detach the input."
        )
