"""Judge an answer, and say which slip it looks like."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


class NotYet(AssertionError):
    """An answer that is not right yet. Notebooks show its hint and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"not yet: {self}"]


@dataclass(frozen=True)
class Slip:
    """A wrong answer that people really give, and the hint that helps.

    Attributes:
        hint: what went wrong, as a sentence.
        answer: the function that goes wrong so.
    """

    hint: str
    answer: Callable


@dataclass(frozen=True)
class Exercise:
    """One task: inputs to try, the reference answer, the usual slips.

    Attributes:
        task: what is asked for.
        inputs: makes the arguments to try.
        reference: the right function.
        slips: wrong functions with their hints.
    """

    task: str
    inputs: Callable[[], tuple]
    reference: Callable
    slips: tuple[Slip, ...] = ()

    def check(self, yours: Callable) -> None:
        """Say that your function is right, or raise with a hint.

        A function that returns `...` or None is taken as not written yet.

        Args:
            yours: takes the same arguments as the reference.

        Raises:
            NotYet: if the answer is wrong.
        """
        inputs = self.inputs()
        want, got = self.reference(*inputs), yours(*inputs)
        if got is None or got is ...:
            print(your_turn(self.task))
            return
        if not same(got, want):
            hints = (slip.hint for slip in self.slips if same(got, slip.answer(*inputs)))
            raise NotYet(next(hints, None) or _difference(got, want))
        print("right")


@dataclass(frozen=True)
class BugHunt:
    """A function with a bug that every shape check lets pass: find what gives it away.

    Attributes:
        task: what the right function promises.
        right: the right function.
        inputs: makes arguments that such a function takes.
        bugs: functions of the same shapes that break the promise.
        reference: a check that tells them apart.
    """

    task: str
    inputs: Callable[[], tuple]
    right: Callable
    bugs: tuple[Callable, ...]
    reference: Callable[[Callable], bool]

    def check(self, yours: Callable[[Callable], bool]) -> None:
        """Say whether your check accepts the right function and no other.

        Args:
            yours: takes a function, returns whether it keeps its promise.

        Raises:
            NotYet: if it refuses the right one, or lets a wrong one pass.
        """
        verdict = yours(self.right)
        if verdict is None or verdict is ...:
            print(your_turn(self.task))
            return
        if not verdict:
            raise NotYet("your check refuses the right function, too.")
        missed = sum(bool(yours(bug)) for bug in self.bugs)
        if missed:
            raise NotYet(f"your check lets {missed} of {len(self.bugs)} wrong functions pass.")
        print("right")


def your_turn(task: str) -> str:
    """Ask for an answer, in lines that fit into a notebook."""
    return textwrap.fill(f"your turn: {task}", width=88, subsequent_indent=" " * 11)


def same(got: object, want: object) -> bool:
    """Equal values, for tensors within 1e-5, of one shape."""
    if isinstance(got, Tensor) and isinstance(want, Tensor):
        return got.shape == want.shape and torch.allclose(got.float(), want.float(), atol=1e-5)
    return type(got) is type(want) and got == want


def _difference(got: object, want: object) -> str:
    if not isinstance(got, Tensor) or not isinstance(want, Tensor):
        return f"{got!r} is not it; expected a value of type {type(want).__name__}."
    if got.shape != want.shape:
        return f"shape {tuple(got.shape)}, expected {tuple(want.shape)}."
    worst = float((got.float() - want.float()).abs().max())
    return f"right shape, wrong values: off by {worst:.3g} at worst."


def latents_and_inputs() -> tuple[Tensor, Tensor]:
    """Three latents and eleven inputs of four channels, to try a cross-attention on."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 3, 4, generator=generator), torch.randn(1, 11, 4, generator=generator)
