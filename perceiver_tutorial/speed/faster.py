"""One call makes a model faster and leaves its answers as they were."""

from typing import Literal

import torch
from torch import Tensor, nn

from ..attention import MLP, CrossAttend, MultiHeadAttention
from ..doors import checked
from ..hiera.blocks import MaskUnitAttention
from ..perceiver.model import PerceiverIO
from ..positions import LearnedPositions
from .fold import take_over_attend
from .heads import take_over_heads
from .inference import ForInference, seal, twin
from .perceiver import FastPerceiverIO, take_over_positions
from .processor import has_bf16, has_onednn, onednn_is_faster
from .products import take_over_linear

Products = Literal["measure", "default", "onednn"]
HEAVY = (MultiHeadAttention, MaskUnitAttention, MLP)


@checked
def speed_up(
    model: nn.Module, *, dtype: torch.dtype = torch.float32, products: Products = "measure"
) -> nn.Module:
    """Make a faster twin of a model, for inference; the model itself stays as it is.

    The twin is used as the model is, has its taps under the same names, and shares its
    weights: after a training step of the model, or a loaded state dict, the twin answers
    accordingly. What is done, each where it helps:

    - Perceiver: the one-head cross-attends fold their projections (see `fold`), read the
      input array in pieces that are made when they are read (`rows`, `reading`), learned
      positions are made once, queries are answered in portions, and the multimodal
      model's queries share their products (`shared`).
      Where keys and values differ in width, one head looks after the other (`heads`).
    - all families: linear layers multiply packed weights by oneDNN (`products`), if that
      is measurably faster on this processor; on Intel's own it is usually not.
    - with bfloat16, attention and MLPs compute in half as many bits, on processors that
      have instructions for it. What they are added to, and norms, positions and logits stay
      float32. Errors grow from 1e-6 to somewhat below 1e-2 of the largest answer. Their
      weights are rounded copies then, which do not follow the model's.

    Whoever listens to a tap gets its value: that attend then goes the plain way.

    Args:
        model: of any family, in evaluation mode.
        dtype: in which attention and MLPs compute: torch.float32 or torch.bfloat16.
        products: "measure" chooses what is faster here; "default" and "onednn" do as told.

    Raises:
        ValueError: if the model is training or sped up already, an option has another
            value, or the processor lacks what is asked for.

    >>> from ..perceiver import TINY, build
    >>> model = build(TINY["deepmind/vision-perceiver-fourier"]).eval()
    >>> faster = speed_up(model)
    >>> images = torch.randn(2, 3, 8, 10)
    >>> torch.allclose(faster(images), model(images), atol=1e-5)
    True
    """
    _check(model, dtype, products)
    onednn = _wants_onednn(dtype, products)
    faster = twin(model)
    if type(faster) is PerceiverIO:
        faster.__class__ = FastPerceiverIO
    for module in faster.modules():
        if type(module) is CrossAttend and module.attention.num_heads == 1:
            take_over_attend(module, onednn)
        elif type(module) is CrossAttend:
            take_over_heads(module.attention, onednn)
        elif type(module) is LearnedPositions:
            take_over_positions(module)
        if dtype != torch.float32 and isinstance(module, HEAVY):
            _compute_in(module, dtype)
    if onednn:
        for layer in [m for m in faster.modules() if type(m) is nn.Linear]:
            take_over_linear(layer)
    seal(faster)
    return faster


def _wants_onednn(dtype: torch.dtype, products: Products) -> bool:
    """bfloat16 goes through oneDNN anyway; packing spares it an order of its own at every call."""
    if products != "measure":
        return products == "onednn"
    return has_onednn() and (dtype == torch.bfloat16 or onednn_is_faster())


def _compute_in(module: nn.Module, dtype: torch.dtype) -> None:
    """Let a module compute in fewer bits; its answers are float32 again."""
    for parameter_owner in module.modules():
        for name, parameter in parameter_owner.named_parameters(recurse=False):
            rounded = nn.Parameter(parameter.to(dtype), requires_grad=False)
            setattr(parameter_owner, name, rounded)
    module.register_forward_pre_hook(lambda _, args: tuple(_rounded(arg, dtype) for arg in args))
    module.register_forward_hook(lambda _, _args, answer: answer.float())


def _rounded(value: object, dtype: torch.dtype) -> object:
    is_measured = isinstance(value, Tensor) and value.is_floating_point()
    return value.to(dtype) if is_measured else value


def _check(model: nn.Module, dtype: torch.dtype, products: Products) -> None:
    if isinstance(model, ForInference):
        raise ValueError(
            "expected a plain model, got one that is sped up already. "
            "Speed the model up that it was made from, with all options at once."
        )
    if products == "onednn" and not has_onednn():
        raise ValueError("expected a torch that carries oneDNN, got one without. Leave it out.")
    if dtype not in (torch.float32, torch.bfloat16):
        raise ValueError(f"expected dtype torch.float32 or torch.bfloat16, got {dtype}.")
    if dtype == torch.bfloat16 and next(model.parameters()).is_cpu and not has_bf16():
        raise ValueError(
            "expected a processor with instructions for bfloat16 (avx512_bf16, amx_bf16), got one "
            "without: it would imitate them, four times slower than float32. Leave dtype out."
        )
