"""One call makes a model faster and leaves its answers as they were."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import get_args

from torch import nn

from ..attention import MultiHeadAttention
from ..perceiver.decoder import PerceiverDecoder
from ..perceiver.multimodal import MultimodalDecoder
from .fold import FoldedAttention
from .portions import PortionedDecoder, PortionedMultimodalDecoder
from .products import PackedLinear, Products, has_onednn

LEAST_WEIGHTS = 10_000  # a layer with fewer is done before anything could be chosen for it
PORTIONED = {
    PerceiverDecoder: PortionedDecoder,
    MultimodalDecoder: PortionedMultimodalDecoder,
}
FAST = (FoldedAttention, PackedLinear, PortionedDecoder)


def speed_up(model: nn.Module, *, products: Products = "measure") -> nn.Module:
    """Make a faster twin of a model, for inference; the model itself stays as it is.

    The twin is of the same class, on the same device, of the same type of numbers, has its hook
    points under the same names, and shares its weights: after a training step of the model, or
    a loaded state dict, the twin answers accordingly. Some of its parts are others:

    - Linear layers multiply packed weights by oneDNN (`products`).
    - Perceiver: cross-attention with one head folds its projections (`fold`), and many
      queries are answered in portions (`portions`).

    A part goes the new way only where it is faster on this processor: a shape that comes for
    the first time is measured, so that the first call takes some times as long as the next.

    Errors are about 1e-6 of the largest answer in float32. float64 and float16 are multiplied
    as in the model. Half as many bits are torch's own business, and the twin goes along:

        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            faster(images)

    The twin's weights want no gradient. An input may; it then takes the plain way.

    Args:
        model: of any family, in evaluation mode.
        products: "measure" chooses what is faster here; "default" and "onednn" name the
            library, and measure nothing: then the same numbers come out every time.

    Raises:
        ValueError: if the model is training or sped up already, the option has another value,
            or torch lacks what is asked for.

    >>> import torch
    >>> from perceiver_tutorial.perceiver import TINY, build
    >>> model = build(TINY["deepmind/vision-perceiver-fourier"]).eval()
    >>> faster = speed_up(model)
    >>> images = torch.randn(2, 3, 8, 10)
    >>> torch.allclose(faster(images), model(images), atol=1e-5)
    True
    """
    _check(model, products)
    faster = _twin(model)

    def packed(layer: nn.Linear) -> nn.Module:
        is_small = products == "measure" and layer.weight.numel() < LEAST_WEIGHTS
        return layer if is_small else _as(PackedLinear, layer, products=products)

    def folded(attention: MultiHeadAttention) -> nn.Module:
        has_one = attention.num_heads == 1
        return _as(FoldedAttention, attention, products=products) if has_one else attention

    _replace(faster, nn.Linear, packed)
    _replace(faster, MultiHeadAttention, folded)
    for plain, portioned in PORTIONED.items():
        _replace(faster, plain, partial(_as, portioned))
    faster.register_forward_pre_hook(_refuse_training)
    return faster


def _check(model: nn.Module, products: Products) -> None:
    if products not in (known := get_args(Products)):
        raise ValueError(
            f"expected products as {' or '.join(map(repr, known))}, got {products!r}. Leave it out "
            "if in doubt: what is faster is then measured."
        )
    if any(isinstance(module, FAST) for module in model.modules()):
        raise ValueError(
            "expected a plain model, got one that is sped up already. "
            "Speed the model up that it was made from."
        )
    if model.training:
        raise ValueError(
            "expected a model in evaluation mode, got one that is training: "
            "a sped-up model is for inference. Call model.eval() first."
        )
    if products == "onednn" and not has_onednn():
        raise ValueError(
            "expected a torch that carries oneDNN, got one without, or with oneDNN switched off. "
            "Leave products out."
        )


def _twin(model: nn.Module) -> nn.Module:
    """A copy of a model, but not of its weights; nothing is recorded for a backward pass."""
    shared = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in model.parameters()}
    shared |= {id(buffer): buffer for buffer in model.buffers()}
    return deepcopy(model, shared)


def _replace(model: nn.Module, kind: type, make: Callable[[nn.Module], nn.Module]) -> None:
    """Put other modules in the places of all of a kind; one in two places stays one."""
    made: dict[nn.Module, nn.Module] = {}
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if type(child) is kind:
                made.setdefault(child, make(child))
                parent.register_module(name, made[child])


def _as(kind: type, module: nn.Module, **options: str) -> nn.Module:
    """A module of a more special class with the same parts, weights, mode and hooks."""
    other = kind.__new__(kind)
    vars(other).update(vars(module), **options)
    return other


def _refuse_training(twin: nn.Module, _inputs: tuple) -> None:
    if twin.training:
        raise ValueError(
            "expected no training of a sped-up model, got one after .train(). Train the model "
            "that it was made from; the sped-up one sees its new weights."
        )
