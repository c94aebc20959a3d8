"""Any published name or configuration as a model without weights or memory."""

from typing import Any

import torch

# The first computation on the meta device imports this anyway: a second, better spent here.
import torch._dynamo
from torch import nn

from .. import perceiver


def published_configs() -> dict[str, Any]:
    """Every published name, of all families."""
    return dict(perceiver.PUBLISHED)


def model_and_input(
    model: str | perceiver.PerceiverConfig | nn.Module, raw: Any, batch_size: int
) -> tuple[str, nn.Module, Any]:
    """A title, a model, and something to feed it.

    Names and configurations are built on torch's meta device, where tensors have
    shapes and nothing else. A module is taken as it is, and needs `raw`.

    Raises:
        ValueError: if a module comes without `raw`, or a name is not published.
    """
    if isinstance(model, nn.Module):
        if raw is None:
            raise ValueError("expected raw, the input for this module: walk(model, raw).")
        return type(model).__name__, model, raw
    title = model if isinstance(model, str) else type(model).__name__
    with torch.device("meta"):
        built = perceiver.build(model).eval()
        return title, built, perceiver.example_input(built.config, batch_size)


def run(model: nn.Module, raw: Any, points: Any) -> Any:
    """One forward pass without gradients; with `points`, encode once and decode those."""
    with torch.no_grad():
        if points is None:
            return model(raw)
        return model.decode(model.encode(raw), raw, points=points)
