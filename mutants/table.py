"""The bugs: each is a patch of one file, with the tests and notebooks that should notice it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.contents import read

ROOT = Path(__file__).parent.parent
PACKAGE, COURSE = "perceiver_tutorial", "perceiver_course"
TABLES = ("floor", "perceiver", "losses", "hiera", "deit", "around", "data", "kinds")


@dataclass(frozen=True)
class Mutant:
    """One bug.

    Attributes:
        id: its name.
        bug: what goes wrong, as a learner would say it.
        file: where, within perceiver_tutorial; one of the course begins with perceiver_course/.
        old: what stands there, exactly once.
        new: what the bug puts in its place.
        tests: what should notice, in short: `floor/attention` is tests/floor/test_attention.py,
            `floor/attention::test_x` one test of it, `attention.ipynb` the notebook of
            that name, whatever its number, and `attention.py` the examples in the docstrings
            of that file.
        survives: why nothing can notice it; "" where something should.
    """

    id: str
    bug: str
    file: str
    old: str
    new: str
    tests: str
    survives: str = ""

    @property
    def patch(self) -> str:
        """A short number for what is changed and what should notice, to tell older results."""
        text = "\n".join((self.file, self.old, self.new, *self.tests.split()))
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def planted_in(self, source: str) -> str:
        """The source with the bug in it.

        Raises:
            ValueError: if its old text does not stand there exactly once.
        """
        if (count := source.count(self.old)) != 1:
            raise ValueError(
                f"{self.id}: expected its old text exactly once in {self.file}, found it {count} "
                "times. Bring the patch up to date, in mutants/*.yaml."
            )
        return source.replace(self.old, self.new)

    def targets(self, root: Path = ROOT) -> list[str]:
        """What pytest is to run, as paths within the course."""
        return [_target(word, root) for word in self.tests.split()]


def path_in(file: str) -> str:
    """Where a file of one of the packages lies, within the course."""
    return file if file.startswith(f"{COURSE}/") else f"{PACKAGE}/{file}"


def _target(word: str, root: Path) -> str:
    if word.endswith(".ipynb"):
        (path,) = [row.path for row in read(root) if f"{row.name}.ipynb" == word]
        return path.as_posix()
    if word.endswith(".py"):
        return path_in(word)
    name, separator, test = word.partition("::")
    folder, _, file = name.rpartition("/")
    return f"tests/{folder}/test_{file}.py{separator}{test}"


def read_table(name: str, folder: Path = Path(__file__).parent) -> list[Mutant]:
    """The bugs of one table."""
    text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    return [Mutant(**row) for row in yaml.safe_load(text)]


def read_tables() -> dict[str, list[Mutant]]:
    """All bugs, by their tables."""
    return {name: read_table(name) for name in TABLES}


def chosen(names: Sequence[str]) -> list[Mutant]:
    """The bugs whose table or name the words say, wholly or in part; all for no words.

    Raises:
        ValueError: if a word names none.
    """
    tables = read_tables()
    every = [(table, mutant) for table, mutants in tables.items() for mutant in mutants]
    for name in names:
        if not any(name == table or name in mutant.id for table, mutant in every):
            raise ValueError(
                f"no mutant is called {name!r}. Expected a part of a name, or one of the tables "
                f"{', '.join(tables)}; all names stand in mutants/README.md."
            )
    return [
        mutant
        for table, mutant in every
        if not names or any(name == table or name in mutant.id for name in names)
    ]
