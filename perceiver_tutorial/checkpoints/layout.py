"""One table for both directions: what others call a thing, and what it is called here."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from .transforms import SAME, Transform

# What to do with a model that nobody else has.
KEEP = "Keep its weights with torch.save(model.state_dict(), FILE)."


# Theirs to ours, or to (ours, transform); several names are a tuple; `{}` stands for a number.
Names = str | tuple[str, ...]
Table = Mapping[Names, Names | tuple[Names, Transform]]


class Row(NamedTuple):
    """Things of theirs that are things of ours.

    Attributes:
        theirs: names there.
        ours: names here, with as many numbers in the first of them.
        transform: what happens on the way.
    """

    theirs: tuple[str, ...]
    ours: tuple[str, ...]
    transform: Transform = SAME

    def numbered(self, numbers: Sequence[str]) -> "Row":
        """The row for one layer."""
        theirs, ours = (
            tuple(name.format(*numbers) for name in names) for names in (self.theirs, self.ours)
        )
        return Row(theirs, ours, self.transform)


def modules(
    *pairs: tuple[str, str], leaves: tuple[str, ...] = ("weight", "bias")
) -> dict[str, str]:
    """Names for modules that call their weights alike on both sides.

    >>> modules(("classifier", "head"))
    {'classifier.weight': 'head.weight', 'classifier.bias': 'head.bias'}
    """
    return {f"{a}.{leaf}": f"{b}.{leaf}" for a, b in pairs for leaf in leaves}


def _as_it_is(name: str) -> str:
    return name


@dataclass(frozen=True)
class Layout:
    """How others store what we have: weights of a model, or fields of a configuration.

    A row for what a model does not have is not used, so that one table serves several.

    Attributes:
        table: what is written on the left, in each row, is theirs.
        aliases: other names of theirs -> those in the table; `{}` as in a row.
        ignored: names of theirs that may be there and are not needed.
        spell: what is done to a name of theirs, once its numbers stand in it.

    >>> layout = Layout({"layers.{}.w": "blocks.{}.weight"})
    >>> layout.write({"blocks.3.weight": 5})
    {'layers.3.w': 5}
    >>> layout.read({"layers.3.w": 5}, ["blocks.3.weight"])
    {'blocks.3.weight': 5}
    """

    table: Table
    aliases: Mapping[str, str] | None = None
    ignored: tuple[str, ...] = ()
    spell: Callable[[str], str] = _as_it_is

    def bound(self, ours: Iterable[str]) -> list[Row]:
        """Rows for exactly these names of ours, numbers filled in.

        Raises:
            ValueError: if the table has no row for one of them.
        """
        names = list(ours)
        found: dict[str, Row] = {}
        for name in names:
            if name not in found and (row := self._row_of(name)):
                found |= dict.fromkeys(row.ours, row)
        if homeless := [name for name in names if name not in found]:
            raise ValueError(
                f"this layout has no place for {first_of(homeless, ', ')}. Choose another layout."
            )
        return list(dict.fromkeys(found.values()))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The table, row by row."""
        rows = []
        for theirs, ours in self.table.items():
            has_transform = isinstance(ours, tuple) and isinstance(ours[-1], Transform)
            names, transform = ours if has_transform else (ours, SAME)
            rows.append(Row(_several(theirs), _several(names), transform))
        return tuple(rows)

    @cached_property
    def _exact(self) -> dict[str, Row]:
        return {row.ours[0]: row for row in self.rows if "{}" not in row.ours[0]}

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Row]]:
        return [(pattern(row.ours[0]), row) for row in self.rows if "{}" in row.ours[0]]

    def _row_of(self, name: str) -> Row | None:
        if name in self._exact:
            return self._spelt(self._exact[name])
        for numbered, row in self._patterns:
            if match := numbered.fullmatch(name):
                return self._spelt(row.numbered(match.groups()))
        return None

    def _spelt(self, row: Row) -> Row:
        return row._replace(theirs=tuple(map(self.spell, row.theirs)))

    def write(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Ours under their names, in their form."""
        return {
            name: value
            for row in self.bound(state)
            for name, value in zip(
                row.theirs, row.transform.to_theirs(*(state[o] for o in row.ours)), strict=True
            )
        }

    def read(self, theirs: Mapping[str, Any], ours: Iterable[str]) -> dict[str, Any]:
        """Theirs under our names, in our form.

        Args:
            theirs: under the names of the table, see `in_table`.
            ours: the names that are wanted.
        """
        return {
            name: value
            for row in self.bound(ours)
            for name, value in zip(
                row.ours, row.transform.to_ours(*(theirs[t] for t in row.theirs)), strict=True
            )
        }

    def in_table(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        """The same things under the names of the table, without those that are not needed."""
        renamed = {name: self._renamed(name) for name in theirs if name not in self.ignored}
        return {
            name if table_name in theirs else table_name: theirs[name]
            for name, table_name in renamed.items()
        }

    @cached_property
    def _aliases(self) -> list[tuple[re.Pattern[str], str]]:
        return [(pattern(alias), name) for alias, name in (self.aliases or {}).items()]

    def _renamed(self, name: str) -> str:
        for alias, table_name in self._aliases:
            if match := alias.fullmatch(name):
                return table_name.format(*match.groups())
        return name


def _several(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def pattern(name: str) -> re.Pattern[str]:
    """A name with `{}` as what it matches."""
    return re.compile(re.escape(name).replace(r"\{\}", r"(\d+)"))


def first_of(names: Sequence[str], between: str, at_most: int = 6) -> str:
    """A long list made short, for a message that can be read.

    >>> first_of(["a", "b", "c"], ", ", at_most=2)
    'a, b and 1 more'
    """
    more = len(names) - at_most
    return between.join(names[:at_most]) + (f" and {more} more" if more > 0 else "")
