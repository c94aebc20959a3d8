"""Whether two answers mean the same, and if not, where they differ first."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

# Of the largest value. The sine of a large angle costs float32 three of its seven digits; in
# float64, a constant may have been float32.
CLOSE, CLOSE_DOUBLE = 1e-4, 1e-6
SMALLEST = 1e-2  # what is smaller than that in all its values is compared with that
KINDS = {bool: "True or False", int: "a whole number", float: "a number", str: "a text"}


def same(got: object, want: object) -> bool:
    """Whether an answer means the same: within rounding, a list for a tuple, 3.0 for 3."""
    got, want = plain(got), plain(want)
    match want:
        case Tensor():
            got = as_tensor(got, want)
            return got is not None and _same_tensors(got, want)
        case list():
            got = got.tolist() if isinstance(got, Tensor) else got
            return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
        case set():
            return isinstance(got, list | set) and len(got) == len(want) and _set(got) == want
        case Mapping():
            is_like = isinstance(got, Mapping) and got.keys() == want.keys()
            return is_like and all(same(got[key], want[key]) for key in want)
        case bool() | str() | None:
            return type(got) is type(want) and got == want
        case int() | float():
            is_number = isinstance(got, int | float) and not isinstance(got, bool)
            return is_number and _close(got, want)
    return type(got) is type(want) and got == want


def plain(value: Any) -> Any:
    """Arrays as tensors, tensors of one number as numbers, tuples and iterators as lists."""
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, np.generic) or (isinstance(value, Tensor) and value.ndim == 0):
        return value.item()
    if isinstance(value, Tensor):
        return value.detach().to_dense().cpu()
    return [*value] if isinstance(value, tuple | list | range | bytes | Iterator) else value


def _set(values: list | set) -> set:
    return {tuple(each) if isinstance(each, list) else each for each in values}


def as_tensor(got: Any, want: Tensor) -> Tensor | None:
    """A list of numbers as the tensor that it means; None, if it means none."""
    if isinstance(got, Tensor):
        return got
    try:
        return torch.as_tensor(got) if isinstance(got, list) and want.ndim else None
    except (TypeError, ValueError, RuntimeError):
        return None


def kind_of(values: Tensor) -> str:
    """Which kind of numbers a tensor holds."""
    if values.dtype == torch.bool:
        return "True and False"
    if values.is_complex():
        return "complex numbers"
    return "numbers with a fraction" if values.is_floating_point() else "whole numbers"


def is_right_kind(got: Tensor, want: Tensor) -> bool:
    """Whole numbers may stand for others, not the other way round; truth values are their own."""
    kinds = kind_of(got), kind_of(want)
    return kinds[0] == kinds[1] or kinds == ("whole numbers", "numbers with a fraction")


def _same_tensors(got: Tensor, want: Tensor) -> bool:
    if got.shape != want.shape or not is_right_kind(got, want):
        return False
    bound = _bound(got, want) if want.is_floating_point() else 0.0
    return torch.allclose(got.double(), want.double(), rtol=0, atol=bound, equal_nan=True)


def _bound(got: Tensor, want: Tensor) -> float:
    finite = want[want.isfinite()].abs()
    close = CLOSE_DOUBLE if got.dtype == want.dtype == torch.float64 else CLOSE
    return close * max(SMALLEST, float(finite.max()) if len(finite) else 0.0)


def _close(got: int | float, want: int | float) -> bool:
    return math.isclose(got, want, rel_tol=CLOSE if isinstance(want, float) else 0, abs_tol=1e-9)


def difference(got: object, want: object) -> str:
    """A sentence about what is wrong, that does not give the answer away."""
    got, want = plain(got), plain(want)
    if isinstance(want, Tensor):
        found = as_tensor(got, want)
        return f"{_told(got)}; a tensor is expected." if found is None else _apart(found, want)
    if isinstance(want, list):
        if not isinstance(got, list | Tensor):
            return f"{_told(got)}; {len(want)} values are expected, as a tuple or a list."
        if len(got) != len(want):
            return f"{len(got)} values; {len(want)} are expected."
        pairs = enumerate(zip(got, want, strict=True))
        number, pair = next((number, pair) for number, pair in pairs if not same(*pair))
        return f"value {number} (the first is 0) is wrong: {difference(*pair)}"
    if isinstance(want, set):
        found = _set(got if isinstance(got, list | set) else [got])
        if len(found) != len(want):
            return f"{len(found)} values; {len(want)} are expected."
        return f"{len(found & want)} of {len(want)} are right."
    if isinstance(want, Mapping):
        if not isinstance(got, Mapping) or got.keys() != want.keys():
            return (
                f"{_told(got)}; a dictionary with the keys {', '.join(map(str, want))} is expected."
            )
        key = next(key for key in want if not same(got[key], want[key]))
        return f"the entry {key!r} is wrong: {difference(got[key], want[key])}"
    is_number = isinstance(want, int | float) and not isinstance(want, bool)
    if is_number and isinstance(got, int | float) and not isinstance(got, bool):
        return f"{got:,.6g} is {_factor(got, want)}."
    if type(got) is type(want):
        return f"{_told(got)} is not it."
    return f"{_told(got)}; {KINDS.get(type(want), type(want).__name__)} is expected."


def _told(got: object) -> str:
    if isinstance(got, Tensor):
        return f"a tensor of shape {tuple(got.shape)}"
    if callable(got):
        return f"the function {getattr(got, '__name__', '')} itself, not what it returns"
    text = repr(tuple(got) if isinstance(got, list) else got)
    return text if len(text) < 60 else f"a {type(got).__name__}"


def _factor(got: int | float, want: int | float) -> str:
    if math.isnan(got):
        return "not a number"
    if want == 0 or got == 0 or not math.isfinite(got):
        return "too large" if got > want else "too small"
    ratio = got / want
    if ratio == -1:
        return "right but for its sign"
    if ratio < 0:
        return "of the wrong sign"
    amount = f"{max(ratio, 1 / ratio):.4g}"
    if amount == "1":
        return f"too {'large' if got > want else 'small'} by {abs(got - want):.4g}"
    return f"{amount} times too {'large' if ratio > 1 else 'small'}"


def _apart(got: Tensor, want: Tensor) -> str:
    """Two tensors: shape, kind, then values."""
    if got.shape != want.shape:
        return f"shape {tuple(got.shape)}, expected {tuple(want.shape)}{_why_shape(got, want)}."
    if not is_right_kind(got, want):
        return f"right shape, but {kind_of(got)}; {kind_of(want)} are expected."
    if want.dtype == torch.bool or not want.is_floating_point():
        return _places(got, want, got == want)
    bound = _bound(got, want)
    got, want = got.double(), want.double()
    if got.isnan().any() and not want.isnan().any():
        return f"right shape, but {int(got.isnan().sum())} of {got.numel()} numbers are NaN."
    large = want.abs() > 1e-3 * want.abs().max()
    ratios = got[large] / want[large]
    is_multiple = len(ratios) and (got - ratios[0] * want).abs().max() < 1e-3 * got.abs().max()
    if is_multiple and abs(ratios[0] + 1) < 1e-3:
        return "right shape; right but for the sign everywhere."
    if is_multiple and f"{ratios[0]:.4g}" != "1":
        return f"right shape; everywhere {ratios[0]:.4g} times what it should be."
    shift = got - want
    if (shift - shift.flatten()[0]).abs().max() < bound:
        return f"right shape; everywhere {shift.flatten()[0]:+.4g} away from what it should be."
    for axis in range(want.ndim):
        if torch.allclose(got.flip(axis), want, rtol=0, atol=bound, equal_nan=True):
            return f"right numbers, but in reverse order along axis {axis}."
    is_close = got.isclose(want, rtol=0, atol=bound, equal_nan=True)
    return _places(got, want, is_close)


def _why_shape(got: Tensor, want: Tensor) -> str:
    if sorted(got.shape) == sorted(want.shape):
        return ": axes have changed places"
    if got.numel() == want.numel():
        return ": as many numbers, in other axes"
    if got.ndim != want.ndim:
        return f": {got.ndim} axes, not {want.ndim}"
    wrong = [axis for axis in range(got.ndim) if got.shape[axis] != want.shape[axis]]
    return f": look at axis {' and '.join(map(str, wrong))} (the first is 0)"


def _places(got: Tensor, want: Tensor, is_right: Tensor) -> str:
    """Along which axis what is wrong can be told from what is right."""
    wrong = ~is_right
    first = tuple(wrong.nonzero()[0].tolist())
    for axis in range(want.ndim):
        others = tuple(one for one in range(want.ndim) if one != axis)
        bad = wrong.any(dim=others) if others else wrong
        if bad.any() and not bad.all() and len(bad) > 1:
            listed = ", ".join(map(str, bad.nonzero().flatten().tolist()[:4]))
            right = f"{int((~bad).sum())} of {len(bad)} are right, wrong is {listed}"
            return f"right shape; along axis {axis} {right}{_ratio(got, want, first)}."
    share = 100 * is_right.double().mean().item()
    return f"right shape; {share:.0f} % of the values are right, the first wrong one is at " + (
        f"{list(first)}{_ratio(got, want, first)}."
    )


def _ratio(got: Tensor, want: Tensor, place: tuple[int, ...]) -> str:
    if want.dtype == torch.bool or not want[place] or not got[place].isfinite():
        return ""
    if (times := f"{got[place] / want[place]:.3g}") == "1":
        return f", {got[place] - want[place]:+.3g} away from what it should be"
    return f", {times} times what it should be"
