"""What a file holds beside what a model needs, weight by weight, before anything moves."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from torch import Tensor

from ..tracing.table import LAYER, columns, html_table
from .layout import Layout, first_of

Verdict = Literal["matched", "missing", "unexpected", "wrong shape"]
Shape = tuple[int, ...]
HEADER = ("verdict", "in the file", "here", "its shape", "expected", "weights")
ORDER: tuple[Verdict, ...] = ("wrong shape", "missing", "unexpected", "matched")


@dataclass(frozen=True)
class Match:
    """One weight.

    Attributes:
        verdict: what became of it.
        theirs: its name in the file, or the name it should have there.
        ours: what it is in the model; several names for what is stored fused.
        found: its shape in the file; None where it is missing.
        expected: the shape it should have there; None where it is unexpected.
    """

    verdict: Verdict
    theirs: str
    ours: tuple[str, ...]
    found: Shape | None
    expected: Shape | None

    def __str__(self) -> str:
        """One clause of a message."""
        if self.verdict == "wrong shape":
            return f"{self.theirs} is {list(self.found)}, expected {list(self.expected)}"
        return f"{self.theirs} is {self.verdict}"


@dataclass(frozen=True, repr=False)
class Comparison:
    """Every weight of a file and of a model; prints as a table, what does not fit first.

    Attributes:
        title: which file, and for which model.
        weights: all of them, those that do not fit first.
    """

    title: str
    weights: tuple[Match, ...]

    def names(self, verdict: Verdict) -> list[str]:
        """Their names of the weights with that verdict."""
        return [weight.theirs for weight in self.weights if weight.verdict == verdict]

    @property
    def misfits(self) -> list[Match]:
        """What does not fit."""
        return [weight for weight in self.weights if weight.verdict != "matched"]

    @property
    def fits(self) -> bool:
        """Whether every weight is there, with its shape, and no other."""
        return not self.misfits

    def check(self) -> None:
        """Let a checkpoint pass that fits.

        Raises:
            ValueError: naming what does not fit, and what to do.
        """
        if self.misfits:
            many = len(self.misfits) > 6
            problems = first_of(list(map(str, self.misfits)), "; ", at_most=3 if many else 6)
            raise ValueError(
                f"{self.title}: the weights do not fit{self._where() if many else ''}: {problems}. "
                "Nothing was loaded. Take the configuration and the weights from one and the same "
                "checkpoint; print(compare(...)) shows every weight."
            )

    def _where(self) -> str:
        """How many of each verdict, under which beginnings of names."""
        groups: dict[tuple[Verdict, str], list[str]] = {}
        for weight in self.misfits:
            numbered = re.match(r"(.*?)\.\d+\.", weight.theirs)
            before = numbered[1] if numbered else weight.theirs.rpartition(".")[0]
            groups.setdefault((weight.verdict, before), []).append(weight.theirs)
        largest = sorted(groups.items(), key=lambda group: -len(group[1]))
        counts = [f"{len(names)} {verdict}: {_beginning(names)}" for (verdict, _), names in largest]
        return f" ({first_of(counts, '; ', at_most=3)})"

    def __repr__(self) -> str:
        return f"{self.summary}\n\n{columns(HEADER, self._lines(), right=('weights',))}"

    def _repr_html_(self) -> str:
        return html_table(self.summary, HEADER, self._lines())

    @property
    def summary(self) -> str:
        """How many there are of each verdict, in a line."""
        counts = (f"{len(self.names(verdict))} {verdict}" for verdict in ORDER)
        return f"{self.title}: {', '.join(counts)}"

    def _lines(self) -> list[tuple[str, ...]]:
        """One line for all weights that differ in the number of a layer only."""
        groups: dict[tuple, list[Match]] = {}
        for weight in self.weights:
            names = (re.sub(r"\d+", "*", weight.theirs), *(LAYER.sub("*", o) for o in weight.ours))
            alike = (weight.verdict, names, weight.found, weight.expected)
            groups.setdefault(alike, []).append(weight)
        return [_line(group) for group in groups.values()]


def _beginning(names: Sequence[str]) -> str:
    """What all names begin with, in whole words.

    >>> _beginning(["layer.2.norm.weight", "layer.2.mlp.weight"])
    'layer.2.*'
    """
    words = zip(*(name.split(".") for name in names), strict=False)
    common = [word[0] for word in takewhile(lambda word: len(set(word)) == 1, words)]
    return names[0] if len(names) == 1 else ".".join([*common, "*"])


def _line(group: list[Match]) -> tuple[str, ...]:
    first = group[0]
    ours = [_starred(names) for names in zip(*(weight.ours for weight in group), strict=True)]
    return (
        first.verdict,
        _starred([weight.theirs for weight in group]),
        " + ".join([*ours[:1], *(_end(name) for name in ours[1:])]),
        "" if first.found is None else str(first.found),
        "" if first.expected is None else str(first.expected),
        str(len(group)),
    )


def _end(name: str) -> str:
    """The last two words of a name: of what is fused, the rest is the same."""
    return ".".join(name.split(".")[-2:])


def _starred(names: Sequence[str]) -> str:
    """Names that differ in numbers only, as one: a star for each number that differs."""
    parts = zip(*(re.split(r"(\d+)", name) for name in names), strict=True)
    return "".join(same[0] if len(set(same)) == 1 else "*" for same in parts)


def matches(
    layout: Layout, ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]
) -> tuple[Match, ...]:
    """Put what a file holds beside what a model needs, in the names of the file.

    Args:
        layout: how the file is laid out.
        ours: weights of the model; shapes are enough.
        theirs: weights of the file, under the names of the table; shapes are enough.

    Raises:
        ValueError: if the layout has no place for one of ours.
    """
    needed = {name: row.ours for row in layout.bound(ours) for name in row.theirs}
    expected = {name: tuple(value.shape) for name, value in layout.write(ours).items()}
    found = {name: tuple(value.shape) for name, value in theirs.items()}
    pairs = {name: (found.get(name), expected.get(name)) for name in {**expected, **found}}
    every = (Match(_verdict(*pair), name, needed.get(name, ()), *pair)
             for name, pair in pairs.items())  # fmt: skip
    return tuple(sorted(every, key=lambda weight: ORDER.index(weight.verdict)))


def _verdict(found: Shape | None, expected: Shape | None) -> Verdict:
    if found is None:
        return "missing"
    if expected is None:
        return "unexpected"
    return "matched" if found == expected else "wrong shape"
