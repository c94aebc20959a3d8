"""Write a function: it is tried on several random inputs, and usual mistakes are named."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from torch import Tensor

from .draw import ROUNDS, Draw
from .replies import NotYet, is_unwritten, reply_of, your_turn
from .same import difference, plain, same


@dataclass(frozen=True)
class Slip:
    """A wrong answer that people really give, and the hint that helps.

    Attributes:
        hint: what went wrong, as a sentence.
        answer: the function that goes wrong so, or options of the reference that do it; of two
            slips with options, both together are recognised, too.
    """

    hint: str
    answer: Callable | Mapping[str, Any]


@dataclass(frozen=True)
class Exercise:
    """One task: inputs to try, the reference answer, the usual slips.

    Attributes:
        task: what is asked for.
        inputs: makes the arguments to try, from a `Draw`.
        reference: the right function; further options of it make the slips.
        slips: wrong functions with their hints.
        rounds: how many random inputs are tried.
    """

    task: str
    inputs: Callable[[Draw], tuple]
    reference: Callable
    slips: tuple[Slip, ...] = ()
    rounds: int = ROUNDS

    def tried(self, round_number: int) -> tuple:
        """The arguments of one round."""
        return self.inputs(Draw(self.task, round_number))

    def check(self, yours: Any) -> None:
        """Say that your function is right for several random inputs, or raise with a hint.

        A function whose body is `...` is taken as not written yet.

        Args:
            yours: takes the same arguments as the reference.

        Raises:
            NotYet: if the answer is wrong, in one sentence.
        """
        if is_unwritten(yours):
            print(your_turn(self.task))
            return
        if not callable(yours):
            raise NotYet(f"expected your function, without calling it, got {_short(yours)}.")
        answers = []
        for number in range(self.rounds):
            inputs = _copied(self.tried(number))
            answer = reply_of(lambda: plain(yours(*inputs)))  # noqa: B023
            if answer is ...:
                print(your_turn(self.task))
                return
            answers.append(answer)
        wanted = [self.reference(*self.tried(number)) for number in range(self.rounds)]
        if all(map(same, answers, wanted)):
            print("right")
            return
        raise NotYet(self.hint(answers) or self._fallback(answers, wanted))

    def hint(self, answers: list) -> str:
        """What the answers of all rounds look like, if it is one of the slips or two of them."""
        for hint, answer in self.mistakes():
            if all(self._is_mistake(answer, number, got) for number, got in enumerate(answers)):
                return hint
        return ""

    def mistakes(self) -> Iterator[tuple[str, Callable]]:
        """Every slip with its hint, then every two whose options go together."""
        options = [slip for slip in self.slips if isinstance(slip.answer, Mapping)]
        for slip in self.slips:
            yield slip.hint, self.function_of(slip)
        for one, other in combinations(options, 2):
            if not one.answer.keys() & other.answer.keys():
                both = Slip(f"{one.hint} And {other.hint}", {**one.answer, **other.answer})
                yield both.hint, self.function_of(both)

    def function_of(self, slip: Slip) -> Callable:
        """The function that goes wrong as a slip does."""
        if isinstance(slip.answer, Mapping):
            return lambda *inputs: self.reference(*inputs, **slip.answer)
        return slip.answer

    def _is_mistake(self, mistake: Callable, number: int, got: object) -> bool:
        try:
            return same(got, mistake(*self.tried(number)))
        except Exception:  # a mistake may not be defined for every input
            return False

    def _fallback(self, answers: list, wanted: list) -> str:
        wrong = [pair for pair in zip(answers, wanted, strict=True) if not same(*pair)]
        is_constant = all(same(answer, answers[0]) for answer in answers[1:])
        if is_constant and not all(same(want, wanted[0]) for want in wanted):
            return "the answer is the same whatever comes in: compute it from the arguments."
        right = self.rounds - len(wrong)
        before = f"right for {right} of {self.rounds} inputs; for another, " if right else ""
        return f"{before}{difference(*wrong[0])}"


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) < 60 else f"a {type(value).__name__}"


def _copied(inputs: tuple) -> tuple:
    """Inputs that may be changed in place."""
    return tuple(each.clone() if isinstance(each, Tensor) else each for each in inputs)
