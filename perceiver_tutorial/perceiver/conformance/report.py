"""What was found: one line for each property."""

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass


class Problem(AssertionError):
    """A part lacks a property; the text says what was expected, what came, and what to do."""


@dataclass(frozen=True)
class Finding:
    """One property of one part, tried.

    Attributes:
        name: of the property.
        holds: whether it does.
        words: what was seen, or what is wrong and what to do about it.
    """

    name: str
    holds: bool
    words: str


@dataclass(frozen=True, repr=False)
class Report:
    """All properties of one part.

    Attributes:
        title: which part, and as what it was tried.
        findings: one for each property.
    """

    title: str
    findings: tuple[Finding, ...]

    @property
    def problems(self) -> dict[str, str]:
        """Property -> what is wrong with it; empty if the part fits."""
        return {finding.name: finding.words for finding in self.findings if not finding.holds}

    def __repr__(self) -> str:
        total = len(self.findings)
        held = total - len(self.problems)
        width = max(len(finding.name) for finding in self.findings) + 9
        lines = [
            textwrap.fill(
                f"{'right' if f.holds else 'WRONG'}  {f.name}".ljust(width) + f.words,
                width=92,
                subsequent_indent=" " * width,
            )
            for f in self.findings
        ]
        return "\n".join([f"{self.title}: {held} of {total} properties hold", "", *lines])


def report_on(title: str, properties: Mapping[str, Callable[[], str]]) -> Report:
    """Try every property, also after one has failed.

    Args:
        title: which part, and as what it is tried.
        properties: name -> a function that says what it saw, or raises.
    """
    return Report(title, tuple(_tried(name, look) for name, look in properties.items()))


def _tried(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except Problem as problem:
        return Finding(name, False, str(problem))
    except Exception as error:
        return Finding(name, False, f"expected an answer, got {in_short(error)}.")


def in_short(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first.strip().rstrip('.')}"
