"""The page "Errata of the literature", docs/errata.md, written from the ledger.

python tools/errata.py          writes it
python tools/errata.py check    says whether it is as the ledger and the tests have it
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from perceiver_course.kit.claims import ASSUMED, Claim, Source, read_claims, read_sources

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "errata.md"
WRONG = ("corrected", "outdated")
BEGINNING = """# Errata of the literature

What a post, a card, a paper or a library's own words say about Perceiver IO, Hiera and DeiT, and
what was found when it was tried. Every row names the place, and the test that measured it.
*Outdated* means that it was so once. No document is blamed for what it leaves out: what readers
merely take for granted has [a section of its own](#common-assumptions). Statements that hold are in
the ledger, [data/claims.yaml](../data/claims.yaml), too. `tools/errata.py` writes this page.
"""
ASSUMPTIONS = """## Common assumptions

No document says these. They are what one may expect after reading, and what was measured.

| Assumption | In fact | Shown by |
|:--|:--|:--|
"""


@cache
def tests_of_claims(root: Path = ROOT) -> dict[str, tuple[Path, str]]:
    """Claim id -> the file and the name of the test that checks it."""
    found = {}
    for file in sorted((root / "tests" / "claims").glob("test_*.py")):
        source = file.read_text(encoding="utf-8")
        for definition in ast.parse(source).body:
            if isinstance(definition, ast.FunctionDef) and definition.name.startswith("test_"):
                body = ast.get_source_segment(source, definition) or ""
                for claim_id in re.findall(r'\bclaim\(\s*"([^"]+)"', body):
                    found[claim_id] = (file, definition.name)
    return found


def page() -> str:
    """The whole page."""
    claims = read_claims().values()
    parts = [BEGINNING]
    for name, source in read_sources().items():
        wrong = [one for one in claims if one.source == name and one.verdict in WRONG]
        if wrong:
            parts.append("\n".join(_section(source, wrong)) + "\n")
    assumed = [one for one in claims if one.verdict == ASSUMED]
    parts.append(ASSUMPTIONS + "\n".join(map(_assumption, assumed)) + "\n")
    return "\n".join(parts)


def _section(source: Source, wrong: Iterable[Claim]) -> Iterator[str]:
    read = f" Read {source.read}." if source.read else ""
    yield f"## {source.title}\n\n{source.author}, {source.kind}: <{source.link}>.{read}\n"
    yield "| Where | What it says | What is true | Shown by |\n|:--|:--|:--|:--|"
    for one in wrong:
        said = f"“{one.quote}”" if one.quote else one.claim
        truth = one.truth if one.verdict == "corrected" else f"Outdated. {one.truth}"
        yield f"| {_cell(one.where or '')} | {_cell(said)} | {_cell(truth)} | {_test(one)} |"


def _assumption(one: Claim) -> str:
    return f"| {_cell(one.claim)} | {_cell(one.truth)} | {_test(one)} |"


def _cell(text: str) -> str:
    """Text of a table: names of Python stay as they are written."""
    return re.sub(r"([|*_<>\[\]])", r"\\\1", text)


def _test(one: Claim) -> str:
    if one.id not in tests_of_claims():
        return "reading"
    file, name = tests_of_claims()[one.id]
    told = name.removeprefix("test_").replace("_", " ")
    return f"[{told}](../{file.relative_to(ROOT).as_posix()})"


def main(words: list[str]) -> int:
    """Write the page, or say whether it is fresh."""
    fresh = page()
    if words == ["check"]:
        is_fresh = PAGE.exists() and PAGE.read_text(encoding="utf-8") == fresh
        print("docs/errata.md is fresh" if is_fresh else "docs/errata.md: run tools/errata.py")
        return 0 if is_fresh else 1
    PAGE.write_text(fresh, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
