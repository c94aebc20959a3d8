"""The course's words: the page made of docs/glossary.yaml, and what notebooks say otherwise.

python tools/glossary.py          writes docs/glossary.md
python tools/glossary.py prune    removes from the list of offenders what no longer offends
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from perceiver_course.kit.axes import AXES
from tools import contents, notebooks

ROOT = Path(__file__).resolve().parent.parent
WORDS = "docs/glossary.yaml"
PAGE = "docs/glossary.md"
OFFENDERS = "tests/gates/words.yaml"
OFFENDERS_COMMENT = (
    "# What notebooks still say against the rules of tests/gates/test_prose.py, by topic. The\n"
    "# list may only shrink: `python tools/glossary.py prune` removes what no longer offends.\n"
)
NO_PROSE = (  # code, formulas, addresses, HTML, the header's and the footer's lines of links
    r"```.*?```",
    r"`[^`]*`",
    r"\$\$.*?\$\$",
    r"\$[^$\n]*\$",
    r"\[[^\]]*\]\([^)]*\)",
    r"<[^>]+>",
    r"^\*\*(?:Axes here|Prerequisites|Words and symbols|Back|Next)\*\* · .*?(?:\n\n|\Z)",
)
INTRODUCTION = """# Words and symbols

The axes, symbols and terms of the course, and the notebook that defines each term.
`python tools/glossary.py` writes this page from [glossary.yaml](glossary.yaml).
"""


def read(root: Path = ROOT) -> dict[str, list[dict] | dict[str, dict]]:
    """Axes, symbols, terms, and words to avoid."""
    return yaml.safe_load((root / WORDS).read_text(encoding="utf-8"))


# --- the page -----------------------------------------------------------------------------------


def page(root: Path = ROOT) -> str:
    """What docs/glossary.md should say."""
    glossary = read(root)
    links = {row.topic: row.link().replace("](", "](../notebooks/") for row in contents.read(root)}
    axes = (
        (AXES[kind].chip, kind, axis["colour"], axis["meaning"])
        for kind, axis in glossary["axes"].items()
    )
    symbols = (
        (f"${row['symbol']}$", row["meaning"], _code(row.get("code", "")), row["source"])
        for row in glossary["symbols"]
    )
    terms = (
        (f"**{_with_others(row)}**", row["meaning"], links[row["first"]])
        for row in sorted(glossary["terms"], key=lambda row: row["term"].lower())
    )
    avoid = ((row["word"], row["say"]) for row in glossary["avoid"])
    sections = (
        ("Axes", _table(("Letter", "Axis", "Colour", "What is counted"), axes)),
        ("Symbols", _table(("In formulas", "Meaning", "In code", "Whose letter"), symbols)),
        ("Terms", _table(("Term", "Meaning", "Defined in"), terms)),
        ("Words that are avoided", _table(("Instead of", "The field says"), avoid)),
    )
    return INTRODUCTION + "".join(f"\n## {title}\n\n{table}" for title, table in sections)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    begin = f"| {' | '.join(head)} |\n|{':--|' * len(head)}\n"
    return begin + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", ") if name)


def _with_others(row: dict) -> str:
    """The term and its other names; those that begin alike are other forms of it."""
    begin = row["term"][:3].lower()
    return ", ".join((row["term"], *(w for w in row.get("also", ()) if w[:3].lower() != begin)))


# --- what notebooks say otherwise ---------------------------------------------------------------


def prose(notebook: dict) -> str:
    """What a notebook says outside of code, formulas, links and pictures."""
    cells = (cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    texts = ("".join(cell["source"]) for cell in cells)
    return " ".join("\n\n".join(map(_only_prose, texts)).split())


def _only_prose(text: str) -> str:
    for pattern in NO_PROSE:
        text = re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)
    return text


def avoidable(text: str, topic: str, glossary: dict) -> set[str]:
    """The words of a text for which the field has others; one in bold letters is being defined."""
    text = re.sub(r"\*\*[^*]+\*\*", " ", text)
    rows = (row for row in glossary["avoid"] if topic not in row.get("fine_in", ()))
    return {row["word"] for row in rows if _occurs(row.get("pattern") or _forms(row["word"]), text)}


def terms_in(text: str, glossary: dict) -> set[str]:
    """The terms that a text uses."""
    return {
        row["term"]
        for row in glossary["terms"]
        if any(_occurs(_forms(word), text) for word in (row["term"], *row.get("also", ())))
    }


def _forms(word: str) -> str:
    return f"{re.escape(word)}(?:e?s)?"


def _occurs(pattern: str, text: str) -> bool:
    return re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE) is not None


def offences(texts: dict[str, str], glossary: dict) -> dict[str, dict[str, list[str]]]:
    """What every notebook says against the three rules.

    Args:
        texts: topic -> what its notebook says, in the order in which they are read.
        glossary: as `read` gives it.

    Returns:
        rule -> topic -> words. `avoid`: the field has another word. `early`: the term is defined in
        a later notebook. `undefined`: the notebook should define the term and never says it.
    """
    order = list(texts)
    first = {row["term"]: row["first"] for row in glossary["terms"]}
    ordinary = {row["term"] for row in glossary["terms"] if row.get("ordinary")}
    found = {"avoid": {}, "early": {}, "undefined": {}}
    for topic, text in texts.items():
        used, later = terms_in(text, glossary), set(order[order.index(topic) + 1 :])
        found["avoid"][topic] = sorted(avoidable(text, topic, glossary))
        found["early"][topic] = sorted(t for t in used - ordinary if first[t] in later)
        found["undefined"][topic] = sorted(t for t in first if first[t] == topic and t not in used)
    return {rule: {t: words for t, words in by.items() if words} for rule, by in found.items()}


def spoken(root: Path = ROOT) -> dict[str, str]:
    """Topic -> what its notebook says, in the order in which they are read."""
    rows = [row for row in contents.read(root) if row.number]
    texts = ((root / row.path).read_text(encoding="utf-8") for row in rows)
    return {row.topic: prose(json.loads(text)) for row, text in zip(rows, texts, strict=True)}


def listed(root: Path = ROOT) -> dict[str, dict[str, list[str]]]:
    """The offenders that are known."""
    return yaml.safe_load((root / OFFENDERS).read_text(encoding="utf-8"))


def pruned(known: dict, found: dict) -> dict[str, dict[str, list[str]]]:
    """The known offenders that still offend.

    >>> pruned({"avoid": {"start": ["door", "news"]}}, {"avoid": {"start": ["news", "place"]}})
    {'avoid': {'start': ['news']}}
    """
    still = {
        rule: {t: [w for w in words if w in found[rule].get(t, ())] for t, words in by.items()}
        for rule, by in known.items()
    }
    return {rule: {t: words for t, words in by.items() if words} for rule, by in still.items()}


def main(words: list[str], root: Path = ROOT) -> None:
    """Write the page, or shorten the list of offenders."""
    if words == ["prune"]:
        still = pruned(listed(root), offences(spoken(root), read(root)))
        text = yaml.safe_dump(still, allow_unicode=True, width=100, default_flow_style=None)
        notebooks.replace(root / OFFENDERS, OFFENDERS_COMMENT + text)
    else:
        notebooks.replace(root / PAGE, page(root))


if __name__ == "__main__":
    main(sys.argv[1:])
