"""A guard at a function's door, who knows what its signature says and nothing else."""

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from opcode import opmap
from types import TracebackType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from .axes import Seen
from .reasons import misfit, strangers, value_in_words
from .rules import Rule, rule_of

Anything = TypeVar("Anything", bound=Callable)
LIBRARIES = {
    "torch", "einops", "numpy", "scipy", "skimage", "matplotlib", "PIL", "contourpy", "dataclasses",
}  # fmt: skip
ODD = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
MOST_KINDS = 1000
SPECIAL = ("__init__", "__call__")
RAISE = opmap["RAISE_VARARGS"]


def checked(what: Anything) -> Anything:
    """Look at what comes to a function before it runs: does it fit the signature?

    The signature is the truth: kinds of numbers, axes, and one size for every name, over all
    arguments. What torch refuses afterwards is explained, too. Of a class the constructor is
    looked at like this; its methods explain what torch refuses, and cost nothing while all
    goes well, since models call each other's thousands of times.

    Returns:
        The same; without the look it is called as `function.unchecked`.

    Raises:
        TypeError: in the function's place, if an argument is of another type.
        ValueError: in the function's place, for all else that does not fit.
    """
    if not isinstance(what, type):
        return _guarded(what, first=True)
    for name, method in list(vars(what).items()):
        if inspect.isfunction(method) and (name in SPECIAL or not name.startswith("_")):
            # A constructor speaks first: it knows what its numbers are for.
            setattr(what, name, _guarded(method, last=name == "__init__"))
    return what


def explained(function: Anything) -> Anything:
    """The same for a function with a door of its own: it speaks first, and knows more to say."""
    return _guarded(function, last=True)


def _guarded(function: Anything, *, first: bool = False, last: bool = False) -> Anything:
    signature, is_compiling = Signature(function), torch.compiler.is_compiling

    @wraps(function)
    def guard(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except ODD as error:
            if is_compiling():
                raise
            reason = signature.explain(error, args, kwargs)
            if reason is None:
                raise
            raise reason from error

    if not (first or last):
        return guard

    @wraps(function)
    def look(*args, **kwargs):
        if is_compiling():
            return function(*args, **kwargs)
        if first:
            signature.check(args, kwargs)
        answer = guard(*args, **kwargs)
        if last:
            signature.check(args, kwargs)
        return answer

    look.unchecked = function
    return look


class Signature:
    """What a function says of its arguments.

    Args:
        function: with type hints; read when somebody first comes.
    """

    def __init__(self, function: Callable):
        self.function = function
        self.rules: list[tuple[str, Rule | None]] | None = None
        self.passed: set[tuple] = set()

    def check(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """Let arguments pass, or say what is wrong with them."""
        # Models call with the same shapes again and again: to know them is ten times faster.
        kind = kind_of(*args, *kwargs, *kwargs.values())
        if kind in self.passed:
            return
        self._check(args, kwargs)
        if kind is not None and len(self.passed) < MOST_KINDS:
            self.passed.add(kind)

    def _check(self, args: tuple, kwargs: dict[str, Any]) -> None:
        if self.rules is None:
            self._read()
        seen = Seen()
        for (name, rule), value in zip(self.rules, args, strict=False):
            if rule is not None and not rule.fits(value, seen):
                raise misfit(self, name, args, kwargs)
        for name, value in kwargs.items():
            rule = self.by_name.get(name)
            if rule is not None and not rule.fits(value, seen):
                raise misfit(self, name, args, kwargs)

    def explain(self, error: Exception, args: tuple, kwargs: dict[str, Any]) -> Exception | None:
        """A sentence for what a library refused; None if the error is one already."""
        if self.rules is None:
            self._read()
        is_ours = _was_meant(error)
        if not self._can_be_called(args, kwargs) or (is_ours and not hasattr(error, "guarded")):
            return None
        given = dict(self.given(args, kwargs))
        found = self._first_misfit(args, kwargs) or strangers(self.name, given)
        if found is not None:
            found.guarded = True  # whoever called knows the value by a better name
        if found is not None or is_ours or not _is_of_a_library(error):
            return found
        said = str(error).strip().partition("\n")[0].rstrip(".")
        got = ", ".join(f"{name} {value_in_words(value)}" for name, value in given.items())
        sentence = (TypeError if isinstance(error, TypeError) else ValueError)(
            f"{self.name} expected {self.in_words()}; got {got}, with which it cannot go on: "
            f"{said}. See help({self.name})."
        )
        sentence.guarded = True
        return sentence

    @property
    def name(self) -> str:
        """What the function is called, with its class if it is a method."""
        return self.function.__qualname__

    def in_words(self) -> str:
        """What is expected of every argument that has a rule."""
        return ", ".join(f"{n} as {rule}" for n, rule in self.rules if rule) or "other arguments"

    def given(self, args: tuple, kwargs: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """What came, by name."""
        yield from zip((name for name, _ in self.rules), args, strict=False)
        yield from kwargs.items()

    def _first_misfit(self, args: tuple, kwargs: dict[str, Any]) -> Exception | None:
        try:
            self._check(args, kwargs)
        except (TypeError, ValueError) as misfitting:
            return misfitting
        return None

    def _can_be_called(self, args: tuple, kwargs: dict[str, Any]) -> bool:
        try:
            inspect.signature(self.function).bind(*args, **kwargs)
        except TypeError:
            return False
        return True

    def _read(self) -> None:
        parameters = inspect.signature(self.function).parameters.values()
        places = (p for p in parameters if p.kind is not p.KEYWORD_ONLY)
        in_order = [(p.name, p) for p in places]
        self.by_name = {p.name: _rule(p) for p in parameters}
        self.rules = [(name, _rule(p)) for name, p in in_order if p.kind is not p.VAR_POSITIONAL]


def kind_of(*values: Any) -> tuple | None:
    """All that a rule looks at in these values, where that is little; else None."""
    kind = []
    for value in values:
        if isinstance(value, Tensor):
            kind += (value.shape, value.dtype, value.device)
        elif isinstance(value, str) or value is None:
            kind.append(value)
        elif isinstance(value, int | float | nn.Module):
            kind.append(type(value))
        else:
            return None
    return tuple(kind)


def _rule(parameter: inspect.Parameter) -> Rule | None:
    several = (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    is_bare = parameter.annotation is parameter.empty or parameter.kind in several
    return None if is_bare else rule_of(parameter.annotation)


def _was_meant(error: Exception) -> bool:
    """Whether an error was raised on purpose, by us or by the reader, and not by a library."""
    trace = _last(error)
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return not _library(trace) and trace.tb_frame.f_code.co_code[trace.tb_lasti] == RAISE


def _is_of_a_library(error: Exception) -> bool:
    """Whether a library refused; what torch says from C++ comes without a frame of its own."""
    from_below = (RuntimeError, IndexError, ValueError, TypeError, ArithmeticError)
    return isinstance(error, from_below) or _library(_last(error))


def _library(trace: TracebackType) -> bool:
    return trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] in LIBRARIES


def _last(error: Exception) -> TracebackType:
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace
