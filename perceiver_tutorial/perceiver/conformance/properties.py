"""What every part must keep to: one function for each property, which says what it saw."""

from fnmatch import fnmatchcase
from typing import Any

import torch

from .report import Problem
from .trial import TOLERANCE, Trial, apart, cast, in_each, tensors_in

KINDS = (torch.bfloat16, torch.float32, torch.float64)


def numbers(trial: Trial) -> str:
    """Every kind of float that goes in, with weights of the same kind, comes out, and is finite."""
    for kind in KINDS:
        answer = trial.answer(cast(trial.example, kind), trial.copy().to(kind))
        for tensor in tensors_in(answer):
            if tensor.dtype != kind:
                raise Problem(
                    f"expected {_short(kind)} out of a part in {_short(kind)}, got "
                    f"{_short(tensor.dtype)}. Make new tensors with x.new_zeros(...), or .to(x)."
                )
            if not tensor.isfinite().all():
                raise Problem(
                    f"expected finite numbers, got {_short(kind)} numbers that are not. "
                    "Look for a division by zero, a log or root of it, or a large exponent."
                )
    return f"{', '.join(map(_short, KINDS))}: what goes in comes out"


def device(trial: Trial) -> str:
    """The part works where its input is, and without numbers, as walks and costs need it."""
    meta = torch.device("meta")
    advice = (
        "Make new tensors with device=x.device, register tables as buffers, and "
        "let no number decide the way (.item(), if x > 0)."
    )
    try:
        answer = trial.answer(in_each(lambda t: t.to(meta), trial.example), trial.copy().to(meta))
    except Exception as error:
        kind = type(error).__name__
        raise Problem(f"expected shapes on the device meta, got a {kind}. {advice}") from error
    if got := {tensor.device.type for tensor in tensors_in(answer)} - {"meta"}:
        raise Problem(f"expected an answer on meta, got {', '.join(sorted(got))}. {advice}")
    return "the answer stays where the input is (tried: meta)"


def samples(trial: Trial) -> str:
    """A sample's answer is the same whatever else is in the batch."""
    whole = trial.answer()
    if got := sorted({len(t) for t in tensors_in(whole)} - {trial.batch_size}):
        raise Problem(
            f"expected {trial.batch_size} answers to {trial.batch_size} samples, got {got[0]}. "
            "Keep the batch as the first axis."
        )
    for place, name in ((0, "first"), (-1, "last")):
        beside = {"beside others": trial.only(place)}
        if not trial.random:
            beside["alone"] = in_each(lambda t, place=place: t[[place]], trial.example)
        for where, example in beside.items():
            difference = apart(_sample(trial.answer(example), place), _sample(whole, place))
            if difference > TOLERANCE:
                raise Problem(
                    f"expected the {name} sample to be answered the same {where}, got answers "
                    f"{difference:.1g} apart. Take no mean, norm or reshape across the batch."
                )
    return f"{trial.batch_size} samples, each answered as if alone"


def repeats(trial: Trial) -> str:
    """The same input gives the same answer, and running a part does not change it."""
    part, seeds = trial.copy(), (0, 0) if trial.random else (0, 1)
    before = {name: value.clone() for name, value in part.state_dict().items()}
    difference = apart(*(trial.answer(part=part, seed=seed) for seed in seeds))
    if difference:
        raise Problem(
            f"expected the same answer twice, got answers {difference:.1g} apart. Draw nothing "
            "in evaluation and remember nothing; if chance is meant, say random=True."
        )
    changed = [n for n, value in part.state_dict().items() if not value.equal(before[n])]
    if changed:
        raise Problem(
            f"expected a part that stays as it was, got another {', '.join(changed)}. "
            "Change nothing of the part in forward."
        )
    again = "the same again from the same seed" if trial.random else "twice the same"
    return f"{again}, and nothing in the part has changed"


def gradient(trial: Trial) -> str:
    """Every parameter learns, but those that are idle by design; and only those are idle."""
    part = trial.copy()
    parameters = {name: p for name, p in part.named_parameters() if p.requires_grad}
    if not parameters:
        return "there is nothing to learn"
    _learn(trial.answer(part=part, learning=True))
    reached = {name for name, p in parameters.items() if p.grad is not None and p.grad.any()}
    wild = [name for name in reached if not parameters[name].grad.isfinite().all()]
    if wild:
        raise Problem(
            f"expected finite gradients, got others for {', '.join(sorted(wild))}. "
            "Look for a division by zero, or a root at zero."
        )
    idle = {n for n in parameters if any(fnmatchcase(n, pattern) for pattern in trial.idle)}
    if missed := sorted(set(parameters) - reached - idle):
        raise Problem(
            f"expected a gradient for every parameter, got none for {', '.join(missed)}. Use them "
            "in forward, detach nothing, or name those that are idle by design: idle=(...)."
        )
    if busy := sorted(reached & idle):
        raise Problem(
            f"expected no gradient for what is idle, got one for {', '.join(busy)}. "
            "Take them out of idle=(...)."
        )
    return f"reaches all of {len(reached)} parameter tensors" + (
        f", {len(idle)} idle by design" if idle else ""
    )


def passes(trial: Trial) -> str:
    """Gradient comes out where the example came in: all before the part learns through it."""
    example = in_each(lambda t: t.clone().requires_grad_(), trial.example)
    _learn(trial.answer(example, learning=True))
    for rows in tensors_in(example):
        if rows.grad is None or not rows.grad.flatten(2).any(-1).all():
            raise Problem(
                "expected a gradient for every row that came in, got none for some. "
                "Use all rows, and detach nothing: the whole model learns through this part."
            )
    return "reaches every row that came in"


def _learn(answer: Any) -> None:
    """Send gradient back from every number of an answer, from each another one."""
    generator = torch.Generator().manual_seed(0)
    for tensor in tensors_in(answer):
        if tensor.requires_grad:
            tensor.backward(torch.randn(tensor.shape, generator=generator), retain_graph=True)


def _sample(answer: Any, place: int) -> Any:
    return in_each(lambda t: t[[place]], answer)


def _short(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")
