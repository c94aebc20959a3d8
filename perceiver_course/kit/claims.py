"""The claims: what documents, papers and code say about these models, each with its truth."""

import math
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from . import DATA

FILE, SOURCES = DATA / "claims.yaml", DATA / "sources.yaml"
ASSUMED, OPEN = "common assumption", "needs-weights"
CHECKABLE = ("holds", "corrected", ASSUMED)


class ClaimError(AssertionError):
    """Reality differs from the ledger."""


@dataclass(frozen=True)
class Source:
    """Who says something: a post, a card, a paper, or a library's code.

    Attributes:
        author: person, team or firm.
        title: its name.
        kind: what it is, and from when.
        link: its address.
        read: in which form it was read, where that is not the original.
    """

    author: str
    title: str
    kind: str
    link: str
    read: str = ""

    def __str__(self) -> str:
        read = f"; read {self.read}" if self.read else ""
        return f"{self.author}, “{self.title}” ({self.kind}{read})"


@dataclass(frozen=True)
class Claim:
    """One statement, and what was found when it was tried.

    Attributes:
        id: its name, e.g. "pio.flow.channel-sum".
        system: which model or part of one it is about.
        claim: the statement.
        kind: shape, count, api, behaviour, preprocess or result.
        verdict: holds, corrected, outdated, needs-weights or not-checkable; common assumption
            for what readers take for granted and no document says.
        truth: what is true, in words.
        how: how to find out.
        source: who says it; a common assumption has none.
        where: at which place there, e.g. a section, a table, a class.
        quote: in which words, in the English original.
        expect: what is true, as a value to compare with; None: not written down yet.
    """

    id: str
    system: str
    claim: str
    kind: str
    verdict: str
    truth: str
    how: str
    source: str | None = None
    where: str | None = None
    quote: str | None = None
    expect: Any = None


@cache
def read_claims(file: Path = FILE) -> dict[str, Claim]:
    """All claims by their id.

    Raises:
        FileNotFoundError: if the ledger is not where a checkout of the course has it.
        ValueError: if it is no ledger, or ends early.
    """
    with _as_written(file, "a list of claims", "each with id, claim and verdict") as rows:
        return {row["id"]: Claim(**row) for row in rows}


@cache
def read_sources(file: Path = SOURCES) -> dict[str, Source]:
    """Who says what the ledger holds, by the names that claims use.

    Raises:
        FileNotFoundError: if the list is not where a checkout of the course has it.
        ValueError: if it is no list of sources, or ends early.
    """
    with _as_written(file, "sources by name", "each with author, title, kind and link") as rows:
        return {name: Source(**row) for name, row in rows.items()}


@contextmanager
def _as_written(file: Path, what: str, fields: str) -> Iterator[Any]:
    """What a file of the ledger holds, and the same words for whatever is wrong with it."""
    if not file.exists():
        raise FileNotFoundError(
            f"expected the ledger in {file}. It comes with a checkout of the course: "
            "install that with pip install --editable."
        )
    try:
        yield yaml.safe_load(file.read_text(encoding="utf-8"))
    except (
        yaml.YAMLError,
        UnicodeDecodeError,
        TypeError,
        KeyError,
        RecursionError,
        AttributeError,
    ) as error:
        said = " ".join(str(error).split())
        raise ValueError(
            f"expected {what} in {file}, {fields}, got something else: {said}. "
            "Take the file from a checkout of the course."
        ) from error


def claim(claim_id: str, value: Any, *, file: Path = FILE) -> None:
    """Compare a value that was just measured with the ledger, and print who says what, and where.

    Args:
        claim_id: which claim.
        value: what came out: numbers, texts, truth values, or lists and
            dictionaries of them. Floats may differ by a ten-thousandth.
        file: another ledger than the course's own.

    Raises:
        ClaimError: if reality differs from the ledger.
        KeyError: if there is no such claim.
        ValueError: if the ledger has no value to compare with.

    >>> claim("pio.core.fourier-size-formula", [258, 385, 195])
    holds      Fourier position features have 258, 385 and 195 channels in the three uses of the
               blog.
    said by    Niels Rogge, “Perceiver IO: a scalable, fully-attentional model that works on any
               modality” (Hugging Face blog, 2021; read in translation), section "Perceiver for
               optical flow"
    link       https://huggingface.co/blog/perceiver
    measured   [258, 385, 195]
    """
    entry = _find(claim_id, read_claims(file))
    if entry.expect is None:
        raise ValueError(f"{claim_id} has no value to compare with: give it an `expect` in {file}.")
    if not _same(value, entry.expect):
        raise ClaimError(
            f"{claim_id}: reality gives {_plain(value)!r}, the ledger says "
            f"{_plain(entry.expect)!r}. The claim: {entry.claim} The truth: {entry.truth}"
        )
    print(_verdict(entry, value))


def _find(claim_id: str, claims: dict[str, Claim]) -> Claim:
    if claim_id not in claims:
        nearest = get_close_matches(claim_id, claims, n=1, cutoff=0)[0]
        raise KeyError(f"expected the id of a claim, got {claim_id!r}. Did you mean {nearest!r}?")
    return claims[claim_id]


def _verdict(entry: Claim, value: Any) -> str:
    verdict = "holds" if entry.verdict == OPEN else entry.verdict
    lines = [(verdict, entry.claim)]
    if entry.source:
        source = read_sources()[entry.source]
        lines.append(("said by", f"{source}, {entry.where}"))
        lines += [("in words", f"“{entry.quote}”")] * bool(entry.quote)
        lines.append(("link", source.link))
    if entry.verdict == "corrected":
        lines.append(("in truth", entry.truth))
    elif entry.verdict == ASSUMED:
        lines.append(("in fact", entry.truth))
    lines.append(("measured", str(_plain(value))))
    width = max(11, *(len(title) + 2 for title, _ in lines))
    return "\n".join(_paragraph(*line, width) for line in lines)


def _paragraph(title: str, text: str, width: int) -> str:
    return textwrap.fill(
        text, width=92, initial_indent=title.ljust(width), subsequent_indent=" " * width,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _same(value: Any, expected: Any) -> bool:
    value, expected = _plain(value), _plain(expected)
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and all(map(_same, value, expected))
    if isinstance(value, dict) and isinstance(expected, dict):
        return value.keys() == expected.keys() and all(
            _same(v, expected[k]) for k, v in value.items()
        )
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected
    if isinstance(value, int | float) and isinstance(expected, float):
        return math.isclose(value, expected, rel_tol=1e-4)
    return type(value) is type(expected) and value == expected


def _plain(value: Any) -> Any:
    """Tuples, sizes, arrays and tensors as a ledger in YAML can hold them."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value
