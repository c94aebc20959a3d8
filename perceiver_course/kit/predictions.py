"""Predict, then run: guess a shape, and hear what the guess believes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from perceiver_tutorial.tracing import walk
from perceiver_tutorial.tracing.models import Config, published_config

from .arithmetic import leaves_no_rest, letters_in, shape_of
from .letters_of_shapes import letters_of
from .shapes import COUNTS, shape_formula, sizes_of


@dataclass(frozen=True)
class Prediction:
    """One shape to guess.

    Attributes:
        question: what is asked.
        formula: the shape, axis by axis, e.g. "B, H*W, 3 + 2*(2*K + 1)".
        symbols: what the letters stand for in the model at hand.
        slips: wrong formula -> the belief behind it.
        compute: makes an array of the shape in question, or gives that shape.
        because: what a right guess is told besides.
    """

    question: str
    formula: str
    symbols: Mapping[str, int]
    slips: Mapping[str, str] = field(default_factory=dict)
    compute: Callable[[], object] = tuple
    because: str = ""

    def true_shape(self) -> tuple[int, ...]:
        """What comes out."""
        made = self.compute()
        return tuple(getattr(made, "shape", made))

    def judge(self, guess: Any) -> str:
        """What to say to a guess: numbers, or a formula in the same letters."""
        try:
            if self._agrees(guess, self.formula):
                return f"right: {shape_of(self.formula, self.symbols)}{self.because}"
            for slip, belief in self.slips.items():
                if self._agrees(guess, slip):
                    return f"not yet: {belief}"
            return f"not yet: {self._by_axis(guess)}"
        except ValueError as error:
            return f"not yet: {error}"

    def _agrees(self, guess: Any, formula: str) -> bool:
        """Equal here and, for a formula, also where its letters stand for other numbers."""
        worlds = [self.symbols]
        if isinstance(guess, str):
            used = [letter for letter in self.symbols if letter in letters_in(guess)]
            others = [{**self.symbols, letter: 2 * self.symbols[letter]} for letter in used]
            others.append({**self.symbols, **{letter: 2 * self.symbols[letter] for letter in used}})
            if leaves_no_rest(formula, self.symbols):
                others = [world for world in others if leaves_no_rest(formula, world)]
            worlds += others
        return all(_value(guess, world) == shape_of(formula, world) for world in worlds)

    def _by_axis(self, guess: Any) -> str:
        got, want = _value(guess, self.symbols), shape_of(self.formula, self.symbols)
        if len(got) != len(want):
            return f"{got} has {len(got)} axes, expected {len(want)}."
        wrong = [str(i) for i, (a, b) in enumerate(zip(got, want, strict=True)) if a != b]
        if not wrong:
            return "the numbers are right here, but would not be for another size."
        return f"look again at axis {' and '.join(wrong)} (the first is axis 0)."


def _value(guess: Any, symbols: Mapping[str, int]) -> tuple[int, ...]:
    """A guess in numbers.

    Raises:
        ValueError: if it is neither numbers nor a formula.
    """
    if isinstance(guess, str):
        return shape_of(guess, symbols)
    sizes = guess if isinstance(guess, Sequence) else (guess,)
    if not all(isinstance(size, int | float) for size in sizes):
        raise ValueError(
            f"expected numbers such as (1, 224, 3), or a text such as 'B, H*W, 3', got {guess!r}."
        )
    return tuple(sizes)


def walked(
    *, question: str, step: tuple[str | Config, str], slips: Mapping[str, str]
) -> Prediction:
    """A prediction about a step of a model's walk; the table of shapes knows the answer, and why.

    Args:
        question: what is asked.
        step: a published name or a configuration, and the name of the step.
        slips: wrong formula -> the belief behind it.
    """
    model, name = step
    config = published_config(model) if isinstance(model, str) else model
    letters, because = letters_of(config, name), ""
    for size in sizes_of(config, name):
        if size.what not in COUNTS:
            (number,) = shape_of(size.formula, letters)
            because += f"\n       {number:,} = {size.formula}: {size.because}"
    shape = partial(_walked, model, name)
    return Prediction(question, shape_formula(config, name), letters, slips, shape, because)


def _walked(model: str | Config, step: str) -> tuple[int, ...]:
    return walk(model, depth=None)[step].shape
