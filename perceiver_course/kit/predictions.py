"""Predict, then run: guess a shape, and hear what the guess believes."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from perceiver_tutorial.tracing import walk

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


@dataclass(frozen=True)
class Prediction:
    """One shape to guess.

    Attributes:
        question: what is asked.
        formula: the shape, axis by axis, e.g. "B, H*W, 3 + 2*(2*K + 1)".
        symbols: what the letters stand for in the model at hand.
        slips: wrong formula -> the belief behind it.
    """

    question: str
    formula: str
    symbols: Mapping[str, int]
    slips: Mapping[str, str] = field(default_factory=dict)

    def judge(self, guess: tuple[int, ...] | str) -> str:
        """What to say to a guess: numbers, or a formula in the same letters.

        Raises:
            ValueError: if the guess cannot be read.
        """
        if self._agrees(guess, self.formula):
            return f"right: {shape_of(self.formula, self.symbols)}"
        for slip, belief in self.slips.items():
            if self._agrees(guess, slip):
                return f"not yet: {belief}"
        return f"not yet: {self._by_axis(guess)}"

    def _agrees(self, guess: tuple[int, ...] | str, formula: str) -> bool:
        """Equal here and, for a formula, also where its letters stand for other numbers."""
        worlds = [self.symbols]
        if isinstance(guess, str):
            used = [letter for letter in self.symbols if letter in _letters(guess)]
            worlds += [{**self.symbols, letter: 2 * self.symbols[letter]} for letter in used]
        return all(_value(guess, world) == shape_of(formula, world) for world in worlds)

    def _by_axis(self, guess: tuple[int, ...] | str) -> str:
        got, want = _value(guess, self.symbols), shape_of(self.formula, self.symbols)
        if len(got) != len(want):
            return f"{got} has {len(got)} axes, expected {len(want)}."
        wrong = [str(i) for i, (a, b) in enumerate(zip(got, want, strict=True)) if a != b]
        if not wrong:
            return "the numbers are right here, but would not be for another size."
        return f"look again at axis {' and '.join(wrong)} (the first is axis 0)."


def shape_of(formula: str, symbols: Mapping[str, int]) -> tuple[int, ...]:
    """A shape written with letters, in numbers.

    Raises:
        ValueError: if it holds anything but numbers, known letters and + - * / // **.

    >>> shape_of("B, H*W, 3 + 2*(2*K + 1)", {"B": 1, "H": 224, "W": 224, "K": 64})
    (1, 50176, 261)
    """
    tree = ast.parse(f"({formula},)", mode="eval").body
    return tuple(int(_evaluate(axis, symbols)) for axis in tree.elts)


def _value(guess: tuple[int, ...] | str, symbols: Mapping[str, int]) -> tuple[int, ...]:
    return shape_of(guess, symbols) if isinstance(guess, str) else tuple(guess)


def _letters(formula: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(f"({formula},)")) if isinstance(node, ast.Name)}


def _evaluate(node: ast.expr, symbols: Mapping[str, int]) -> int | float:
    match node:
        case ast.Constant(value=int()):
            return node.value
        case ast.Name(id=name) if name in symbols:
            return symbols[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_evaluate(left, symbols), _evaluate(right, symbols))
    known = ", ".join(symbols)
    raise ValueError(
        f"expected numbers, + - * / and the letters {known}, got {ast.unparse(node)!r}."
    )


@dataclass(frozen=True, kw_only=True)
class WalkedPrediction(Prediction):
    """A prediction about one stop of a published model's walk.

    Attributes:
        model: published name.
        stage: name of the stop.
        depth: how far inside it lies, as in `walk`.
    """

    model: str
    stage: str
    depth: int | None = 2

    def true_shape(self) -> tuple[int, ...]:
        """What the walk says."""
        return walk(self.model, depth=self.depth)[self.stage].shape


@dataclass(frozen=True, kw_only=True)
class ComputedPrediction(Prediction):
    """A prediction about an array that a few lines of the course compute.

    Attributes:
        compute: makes an array of the shape in question, or gives that shape.
    """

    compute: Callable[[], object]

    def true_shape(self) -> tuple[int, ...]:
        """What comes out."""
        made = self.compute()
        return tuple(getattr(made, "shape", made))
