"""One line for each picture, in a file that survives whatever interrupts the run."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Run:
    """What results are results of: the first line of their file.

    Attributes:
        model: a published name, or a folder.
        weights: fingerprint of its weights.
        fidelity: whose outputs it equals.
        folder: of pictures.
        preparation: how they were prepared.
    """

    model: str
    weights: str
    fidelity: str
    folder: str
    preparation: str


class Outcome(NamedTuple):
    """What came of one picture.

    Attributes:
        picture: its path within the folder.
        best: up to five classes, the highest score first; None: it could not be read.
        problem: why not.
    """

    picture: str
    best: list[int] | None
    problem: str | None = None


class Results:
    """Outcomes of a run, kept in a file of JSON lines.

    A file that is there is continued. What a power cut left of a last line is dropped, and
    a picture that could not be read is tried again.

    Args:
        file: where; its folder must be there. None: they are only kept in memory.
        run: what is run.

    Attributes:
        best: name of a picture -> up to five classes, the highest score first.
        problems: name of a picture -> why it could not be read, this time.

    Raises:
        ValueError: if the file is another run's, or no file of results.
    """

    def __init__(self, file: Path | None, run: Run):
        self.file, self.run = file, run
        self.best: dict[str, list[int]] = {}
        self.problems: dict[str, str] = {}
        if file is not None:
            self._continue() if file.exists() else self._start()

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Write some outcomes down; afterwards they are on the disk."""
        outcomes = list(outcomes)
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as opened:
                opened.write("".join(f"{json.dumps(o._asdict())}\n" for o in outcomes))
                opened.flush()
                os.fsync(opened.fileno())
        for outcome in outcomes:
            if outcome.best is None:
                self.problems[outcome.picture] = str(outcome.problem)
            else:
                self.best[outcome.picture] = outcome.best

    def _start(self) -> None:
        """The first line comes whole or not at all: an unfinished file is never taken for ours."""
        if not self.file.parent.is_dir():
            raise ValueError(
                f"expected a folder for the results, but there is no {self.file.parent}. Make it, "
                "or choose another file with --results."
            )
        unfinished = self.file.with_name(f"{self.file.name}.new")
        try:
            unfinished.write_text(f"{json.dumps(asdict(self.run))}\n", encoding="utf-8")
            unfinished.replace(self.file)
        except OSError as error:
            raise ValueError(
                f"expected to write {self.file}, but {error.strerror}. Choose another file with "
                "--results."
            ) from error

    def _continue(self) -> None:
        whole, newline, rest = self.file.read_bytes().rpartition(b"\n")
        first, *lines = whole.split(b"\n")
        self._check(_parsed(first))
        for number, line in enumerate(lines, start=2):
            match _parsed(line):
                case {"picture": str(picture), "best": [int(), *_] as best}:
                    self.best[picture] = best
                case {"picture": str(), "problem": str()}:
                    continue
                case _:
                    raise ValueError(
                        f"expected the outcome of a picture in line {number} of {self.file}, got "
                        f"{line[:60]!r}. Delete that line: its picture is looked at again."
                    )
        if rest:
            with self.file.open("r+b") as opened:
                opened.truncate(len(whole) + len(newline))

    def _check(self, first: Any) -> None:
        wanted = asdict(self.run)
        advice = "Choose another file with --results."
        if not isinstance(first, dict) or set(first) != set(wanted):
            raise ValueError(f"expected results in {self.file}, got something else. {advice}")
        if other := [key for key in wanted if first[key] != wanted[key]]:
            raise ValueError(
                f"expected results of the same run in {self.file}, got others: "
                + "; ".join(f"{key} was {first[key]}, is {wanted[key]}" for key in other)
                + f". {advice}"
            )


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
