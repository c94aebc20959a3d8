"""What a reader needs to prove a module right: shapes, random values, renamed weights, equality."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

# How far two ways to the same numbers may be apart, relative to the largest value, and why: in
# float64 1e-13 was seen, and a wrong eps in a norm is 4e-10; in float32 5e-5 was seen.
TOLERANCES = {torch.float64: 1e-11, torch.float32: 1e-4}
COARSE = 1e-2  # 16 bits


def shapes(**tensors: Tensor) -> None:
    """Print the shape of each tensor, a line each.

    >>> shapes(latents=torch.zeros(2, 3, 8), inputs=torch.zeros(2, 11, 5))
    latents  (2, 3, 8)
    inputs   (2, 11, 5)
    """
    width = max(map(len, tensors))
    for name, tensor in tensors.items():
        print(f"{name:{width}}  {tuple(tensor.shape)}")


def equal(ours: Any, theirs: Any) -> None:
    """Print that two tensors are equal but for rounding, or say where they differ first.

    Prove things in float64: there a small mistake is far larger than rounding.

    Args:
        ours: numbers.
        theirs: numbers that should be the same.

    Raises:
        AssertionError: if shapes, kinds of number or values differ; with the first place.
        TypeError: if one of them is no tensor.

    >>> equal(torch.ones(2, 3, dtype=torch.float64), torch.ones(2, 3, dtype=torch.float64))
    equal: (2, 3), largest difference below 1e-11
    """
    for name, value in (("ours", ours), ("theirs", theirs)):
        if not isinstance(value, Tensor):
            raise TypeError(
                f"expected {name} to be a tensor, got {type(value).__name__}. Of an output with "
                "several parts, compare one, such as output.logits."
            )
    ours, theirs = ours.detach(), theirs.detach()
    if ours.shape != theirs.shape:
        raise AssertionError(f"ours is {tuple(ours.shape)}, theirs {tuple(theirs.shape)}.")
    if ours.is_floating_point() != theirs.is_floating_point():
        raise AssertionError(f"ours holds {ours.dtype}, theirs {theirs.dtype}.")
    bound = 10.0 ** _allowed(ours, theirs) if ours.is_floating_point() else 0.0
    wide = ours.double(), theirs.double()
    if not torch.allclose(*wide, rtol=0, atol=bound, equal_nan=True):
        raise AssertionError(_first_difference(*wide, bound))
    rounding = f", largest difference below {bound:.0e}" if bound else ""
    print(f"equal: {tuple(ours.shape)}{rounding}")


def _allowed(ours: Tensor, theirs: Tensor) -> int:
    """The power of ten that the tolerance is rounded up to."""
    tolerance = max(TOLERANCES.get(values.dtype, COARSE) for values in (ours, theirs))
    finite = theirs[theirs.isfinite()].abs()
    largest = float(finite.max()) if len(finite) else 0.0
    return math.ceil(math.log10(tolerance * max(1.0, largest)) - 0.01)


def _first_difference(ours: Tensor, theirs: Tensor, bound: float) -> str:
    apart = (ours - theirs).abs()
    wrong = ~(apart <= bound) & ~((ours == theirs) | (ours.isnan() & theirs.isnan()))
    place = wrong.nonzero()[0].tolist()
    first, other = ours[tuple(place)].item(), theirs[tuple(place)].item()
    share = 100 * wrong.double().mean().item()
    largest = apart[~apart.isnan()].max().item() if (~apart.isnan()).any() else math.nan
    return (
        f"differs first at {place}: ours {first:.9g}, theirs {other:.9g}. {share:.0f} % of the "
        f"numbers are apart, by up to {largest:.2g}; allowed is {bound:.0e}."
    )


def randomise(module: nn.Module, seed: int = 0, std: float = 0.3) -> nn.Module:
    """Give every parameter random values of its own, and put the module into evaluation mode.

    Fresh modules hide mistakes: a LayerNorm multiplies by 1 and adds 0, biases are 0, so that
    swapped ones give the same numbers. Running statistics of norms are drawn, too.

    Args:
        module: changed in place.
        seed: the same seed gives the same values.
        std: standard deviation of the parameters.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(std * torch.randn(parameter.shape, generator=generator))
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(torch.randn(buffer.shape, generator=generator))
            if name.endswith("running_var"):
                buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return module.eval()


def rename(state_dict: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Weights under other names, for `load_state_dict`.

    Args:
        state_dict: name -> weights.
        names: part of their name -> what stands there in ours; applied one after the other.

    Raises:
        KeyError: if a part occurs in no name.

    >>> sorted(rename({"layernorm.weight": torch.ones(1)}, {"layernorm.": "norm_mlp."}))
    ['norm_mlp.weight']
    """
    renamed = dict(state_dict)
    for theirs, ours in names.items():
        if not any(theirs in name for name in renamed):
            known = ", ".join(list(renamed)[:4])
            raise KeyError(f"expected {theirs!r} in a name of the weights; these begin {known}.")
        renamed = {name.replace(theirs, ours): weights for name, weights in renamed.items()}
    return renamed
