"""Numbers in prose are printed by a cell of the notebook, or kept in a record of the course.

What stands otherwise is listed in numbers.yaml, and the list can only shrink.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml

from perceiver_tutorial import deit, hiera, perceiver

ROOT = Path(__file__).parents[2]
LISTED = Path(__file__).parent / "numbers.yaml"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NUMBER = r"(?<![\w.,])-?\d+(?:,\d{3})+(?:\.\d+)?|(?<![\w.,])-?\d*\.?\d+(?:e-?\d+)?"
SMALL = 24  # up to here whole numbers are counted, not measured
TELLING = 3  # digits: a record of many scores holds nearly every shorter number by chance
SCALES = (0, 2, 3, 6, 9, -2, -3, -6, -9)  # per cent, thousands, millions, milliards
NOT_PROSE = (
    r"```.*?```",
    r"`[^`]*`",
    r"\$\$.*?\$\$",
    r"\$[^$\n]*\$",
    r"\]\([^)]*\)",
    r"<[^>]+>",
    r"arXiv[ :]*\d+\.\d+",
    r"\*\*Time\*\*[^\n]*",
    r"\[\d\d[a-c]?(?= |\])",
    r"^#+ .*$",
    r"\*\(.*? minutes?\)\*",
    r"\b(?:in|of|since|until) (?:19|20)\d\d\b",
    r"\b\d+ (?:minutes?|seconds?)\b",
)  # fmt: skip


def prose_numbers(source: str) -> Iterator[str]:
    """Numbers that a cell of prose says, beyond small whole ones."""
    for pattern in NOT_PROSE:
        source = re.sub(pattern, " ", source, flags=re.DOTALL | re.MULTILINE)
    for found in re.findall(NUMBER, source):
        if "." in found or "e" in found or abs(int(found.replace(",", ""))) > SMALL:
            yield found


def values_in(text: str) -> set[float]:
    """All numbers of a text, digits that are joined by commas or underscores included."""
    joined = re.sub(r"(?<=\d)[_,](?=\d{3})", "", text)
    return {float(found) for found in re.findall(r"\d+\.?\d*(?:e[-+]?\d+)?|\.\d+", joined)}


def is_said(number: str, values: Iterable[float], scales: Sequence[int] = SCALES) -> bool:
    """Whether a value, rounded as the prose rounds it, perhaps as thousands or per cent, is it."""
    plain = number.replace(",", "").lstrip("-")
    decimals = len(plain.partition("e")[0].partition(".")[2])
    wanted = float(plain)
    return any(
        round(value * 10.0**scale, decimals) == wanted for value in values for scale in scales
    )


@cache
def published() -> frozenset[float]:
    """Numbers of the published configurations and their shapes."""
    models = (perceiver.PUBLISHED, hiera.PUBLISHED, deit.PUBLISHED)
    texts = [repr(config) for family in models for config in family.values()]
    texts.append((ROOT / "data/shapes.yaml").read_text("utf-8"))
    return frozenset().union(*map(values_in, texts))


@cache
def recorded() -> frozenset[float]:
    """Scores of the records in data/."""
    records = [json.loads(path.read_text("utf-8")) for path in (ROOT / "data").glob("*.json")]
    return frozenset(scores_in(records))


def scores_in(record: object) -> Iterator[float]:
    """The numbers of a record that are not whole."""
    if isinstance(record, dict | list):
        for part in record.values() if isinstance(record, dict) else record:
            yield from scores_in(part)
    elif isinstance(record, float):
        yield record


def shown(notebook: dict) -> set[float]:
    """Numbers in the code of a notebook and in what it printed."""
    texts = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            texts.append("".join(cell["source"]))
            for output in cell["outputs"]:
                texts.append("".join(output.get("text", [])))
                texts.append("".join(output.get("data", {}).get("text/plain", [])))
    return set().union(*map(values_in, texts))


def is_telling(number: str) -> bool:
    return len(number.replace(",", "").replace(".", "").lstrip("-0")) >= TELLING


def unsaid(notebook: dict) -> list[str]:
    """Numbers of the prose that nothing shows."""
    few = shown(notebook) | published()
    many = few | recorded()
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    found = {number for source in sources for number in prose_numbers(source)}
    return sorted(n for n in found if not is_said(n, many if is_telling(n) else few))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_number_in_prose_is_printed_kept_or_listed(path):
    listed = set(map(str, yaml.safe_load(LISTED.read_text("utf-8")).get(path.stem, [])))
    found = set(unsaid(json.loads(path.read_text("utf-8"))))
    assert not found - listed, "print them in a cell, keep a record, or say it without a number"
    assert not listed - found, f"good: take them out of {LISTED.name}"


def notebook_of(prose: str, printed: str) -> dict:
    output = {"output_type": "stream", "text": [printed]}
    code = {"cell_type": "code", "source": ["x"], "outputs": [output]}
    return {"cells": [{"cell_type": "markdown", "source": [prose]}, code]}


@pytest.mark.parametrize("prose, printed", [
    ("it reaches 0.961 of them", "accuracy 0.9612"),
    ("96 % are right", "0.9612"),
    ("about 1.5 million parameters", "1,512,345 parameters"),
    ("33,333 rows", "(2, 33333)"),
    ("see `0.777` and $0.777$ and [it](https://a.org/0.777) of 2017", ""),
    ("224 x 224 pixels, 12 heads, in 31 minutes", ""),
    ("arXiv 1711.05101", ""),
])  # fmt: skip
def test_what_is_shown_may_be_said(prose, printed):
    assert unsaid(notebook_of(prose, printed)) == []


@pytest.mark.parametrize("prose, printed, found", [
    ("it reaches 0.973 of them", "accuracy 0.9612", ["0.973"]),
    ("between 43 and 71 of them", "1 of them", ["43", "71"]),
    ("33,335 rows", "(2, 33333)", ["33,335"]),
    ("**0.977**, once", "0.87", ["0.977"]),
])  # fmt: skip
def test_what_is_not_shown_is_found(prose, printed, found):
    assert unsaid(notebook_of(prose, printed)) == found
