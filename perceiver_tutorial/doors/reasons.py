"""Why something was not let in: what was expected, what came, what to do."""

from typing import Any

import torch
from torch import Tensor, nn

from .axes import Seen
from .rules import Choice, Either, Fields, Rule, Several, Tensors

TO_KIND = {
    "floats": "Measured values are floats: {name}.float(), or {name} / 255 for 8-bit colours.",
    "whole numbers": "Whole numbers are wanted: {name}.long().",
    "True and False": "True and False are wanted, e.g. {name} != 0, or {name}.bool().",
    "numbers": "Give numbers.",
}


def misfit(signature: Any, name: str, args: tuple, kwargs: dict[str, Any]) -> Exception:
    """The sentence for the first argument that breaks its rule."""
    seen = Seen()
    given = dict(signature.given(args, kwargs))
    for before, value in given.items():
        if before == name:
            break
        if (rule := signature.by_name.get(before)) is not None:
            rule.fits(value, seen)
    value, rule = given[name], signature.by_name[name]
    expected = f"{signature.name} expected {name} as {rule}, got {value_in_words(value)}."
    kind = TypeError if _is_other_type(value, rule) else ValueError
    return kind(f"{expected} {_advice(name, value, rule, seen)}")


def strangers(name: str, given: dict[str, Any]) -> ValueError | None:
    """The sentence for tensors that weights, or each other, cannot be computed with, if any."""
    places = {f"{key}{inner}": t for key, v in given.items() for inner, t in _tensors(v)}
    modules = [value for value in given.values() if isinstance(value, nn.Module)]
    weights = [p for m in modules for p in m.parameters() if p.is_floating_point()]
    if weights:
        wanted = _place(weights[0])
        for key, tensor in places.items():
            got = _place(tensor) if tensor.is_floating_point() else (wanted[0], tensor.device.type)
            if got != wanted:
                return ValueError(
                    f"{name} expected {key} like the model's weights, {_say(wanted)}, got "
                    f"{_say(got)}. Bring them together: {key}.to(next(model.parameters()))."
                )
    devices = {tensor.device.type: key for key, tensor in places.items() if tensor.ndim}
    if len(devices) > 1:
        got = " and ".join(f"{key} on {device}" for device, key in devices.items())
        return ValueError(
            f"{name} expected all tensors on one device, got {got}. Move one: x.to(device)."
        )
    floats = {_dtype(t): key for key, t in places.items() if t.is_floating_point()}
    if len(floats) > 1:
        got = " and ".join(f"{key} in {dtype}" for dtype, key in floats.items())
        return ValueError(
            f"{name} expected floats of one kind, got {got}. Turn one into the other's: x.to(y)."
        )
    return None


def value_in_words(value: Any) -> str:
    """What came, as short as it can be said.

    >>> value_in_words(torch.zeros(2, 3)), value_in_words(2.5)
    ('float32 [2, 3]', '2.5')
    """
    if isinstance(value, Tensor):
        where = "" if value.device.type == "cpu" else f" on {value.device.type}"
        return f"{_dtype(value)} {list(value.shape)}{where}"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value) if len(repr(value)) < 60 else f"{repr(value)[:57]}..."
    if isinstance(value, tuple | list) and len(value) < 8 and not isinstance(value, torch.Size):
        inside = ", ".join(map(value_in_words, value))
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {value_in_words(v)}" for k, v in value.items()) + "}"
    return type(value).__name__


def _is_other_type(value: Any, rule: Rule) -> bool:
    if isinstance(rule, Tensors):
        return not isinstance(value, Tensor)
    if isinstance(rule, Either):
        return all(_is_other_type(value, one) for one in rule.rules)
    if isinstance(rule, Choice):
        return not isinstance(value, str)
    if isinstance(rule, Several):
        return not isinstance(value, rule.container)
    return not isinstance(rule, Fields) or not isinstance(value, rule.owner)


def _advice(name: str, value: Any, rule: Rule, seen: Seen) -> str:
    if isinstance(rule, Either):
        options = [one for one in rule.rules if isinstance(one, Tensors)]
        rule = options[0] if isinstance(value, Tensor) and options else rule.rules[0]
    if not isinstance(rule, Tensors):
        return f"Give {rule}."
    if not isinstance(value, Tensor):
        return f"Make it a tensor: torch.as_tensor({name})."
    if value.dtype not in rule.dtypes:
        return TO_KIND[rule.kind].format(name=name)
    if value.ndim and seen.device not in (None, value.device):
        return f"All must be on one device, {seen.device}: {name}.to({str(seen.device)!r})."
    return _advice_on_shape(name, value, rule, seen)


def _advice_on_shape(name: str, value: Tensor, rule: Tensors, seen: Seen) -> str:
    wanted = len(rule.axes)
    if value.ndim != wanted and not any(axis.is_many for axis in rule.axes):
        if value.ndim == wanted - 1:
            return f"It has one axis too few: {name}[None] is one of them."
        return f"It has {value.ndim} axes instead of {wanted}."
    known = [
        f"{axis.name} is {_sizes(seen.sizes[axis.name])} in what came before"
        for axis in rule.axes
        if axis.name in seen.sizes
    ]
    fixed = [f"{axis.name or 'one axis'} is always {axis.size}" for axis in rule.axes if axis.size]
    if not known and not fixed:
        return f"It has {value.ndim} axes, and needs more."
    return f"The same name is the same size: {', '.join([*known, *fixed])}."


def _sizes(known: int | tuple[int, ...]) -> str:
    return str(list(known)) if isinstance(known, tuple) else str(known)


def _tensors(value: Any) -> list[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        return [("", value)]
    if isinstance(value, dict):
        return [(f"[{k!r}]", v) for k, v in value.items() if isinstance(v, Tensor)]
    return []


def _place(tensor: Tensor) -> tuple[str, str]:
    return _dtype(tensor), tensor.device.type


def _say(place: tuple[str, str]) -> str:
    return " on ".join(place)


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
