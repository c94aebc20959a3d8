"""The claims: what documents, papers and code say about these models, each with its truth."""

import math
import textwrap
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from . import DATA

FILE = DATA / "claims.yaml"
CHECKABLE = ("holds", "corrected")
OPEN = "needs-weights"


class ClaimError(AssertionError):
    """Reality differs from the ledger."""


@dataclass(frozen=True)
class Claim:
    """One statement, and what was found when it was tried.

    Attributes:
        id: its name, e.g. "pio.flow.channel-sum".
        system: which model or part of one it is about.
        document: which source document says it; "none" for papers, code and
            natural expectations.
        claim: the statement.
        kind: shape, count, api, behaviour, preprocess or result.
        verdict: holds, corrected, outdated, needs-weights or not-checkable.
        truth: what is true, in words.
        how: how to find out.
        expect: what is true, as a value to compare with; None: not written down yet.
    """

    id: str
    system: str
    document: str
    claim: str
    kind: str
    verdict: str
    truth: str
    how: str
    expect: Any = None


@cache
def read_claims(file: Path = FILE) -> dict[str, Claim]:
    """All claims by their id.

    Raises:
        FileNotFoundError: if the ledger is not where a checkout of the course has it.
        ValueError: if it is no ledger, or ends early.
    """
    if not file.exists():
        raise FileNotFoundError(
            f"expected the ledger in {file}. It comes with a checkout of the course: "
            "install that with pip install --editable."
        )
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {row["id"]: Claim(**row) for row in rows}
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise ValueError(
            f"expected a list of claims in {file}, each with id, claim and verdict, got something "
            f"else: {said}. Take the file from a checkout of the course."
        ) from error


def claim(claim_id: str, value: Any, *, file: Path = FILE) -> None:
    """Compare a value that was just computed with the ledger, and print the verdict.

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
    if entry.verdict == "corrected":
        lines.append(("in truth", entry.truth))
    return "\n".join(_paragraph(*line) for line in (*lines, ("measured", str(_plain(value)))))


def _paragraph(title: str, text: str) -> str:
    return textwrap.fill(text, width=92, initial_indent=title.ljust(11), subsequent_indent=" " * 11)


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
