"""What was found: kept in a file, told as a matrix and as a page."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .planting import LEVELS, TIMED_OUT, Seen
from .table import Mutant, read_tables

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parent / "README.md"
BEFORE = Path(__file__).parent / "before.json"  # who noticed a bug before its kind had tests
ENOUGH = 0.95
RED, GREEN = "red", "-"

Results = dict[str, dict[str, Any]]

INTRODUCTION = """\
# Mutants

A test that is green says nothing until it has been seen red. Every line below is a bug that
`python tutorial.py mutants` plants in a copy of the package, one at a time. It runs the tests and
notebooks that should notice (no others), with the shapes in signatures unchecked, and writes this
page. `{red}`: at least one test of this kind noticed; `{green}`: those that were run did not;
empty: none of this kind was run. The patches are in {tables}. The last table was written down and
planted before there was any test for these kinds of bugs: [before.json](before.json) says which
test noticed each of them then.
"""


def read() -> Results:
    """What is in the file; nothing, if there is none yet."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


def write(results: Results) -> None:
    """Replace the file in one step, in the order of the tables; forget bugs that are gone."""
    every = [mutant.id for mutants in read_tables().values() for mutant in mutants]
    kept = {name: results[name] for name in every if name in results}
    draft = RESULTS.with_suffix(".draft")
    draft.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8", newline="\n")
    os.replace(draft, RESULTS)


def entry(mutant: Mutant, seen: Seen, seconds: float) -> dict[str, Any]:
    """What is kept of one run."""
    return {"patch": mutant.patch, "seconds": round(seconds, 1), "seen": dict(seen)}


def out_of_date(mutants: Iterable[Mutant], results: Results) -> list[str]:
    """Bugs that were not tried, or that have changed since."""
    return [m.id for m in mutants if results.get(m.id, {}).get("patch") != m.patch]


def is_killed(seen: Mapping[str, str]) -> bool:
    """Whether some test turned red."""
    return any(seen.values())


def verdict(mutants: Iterable[Mutant], results: Results) -> int:
    """0 where enough were killed and all others are explained, else 1."""
    mutants = list(mutants)
    alive = [m for m in mutants if not is_killed(results[m.id]["seen"])]
    too_many = len(mutants) - len(alive) < ENOUGH * len(mutants)
    return int(too_many or any(not m.survives for m in alive))


def summary(mutants: Iterable[Mutant], results: Results) -> str:
    """How many were killed, in one line; and who was not, in one line each."""
    mutants = list(mutants)
    alive = [m for m in mutants if not is_killed(results[m.id]["seen"])]
    killed = len(mutants) - len(alive)
    lines = [f"{killed} of {len(mutants)} killed ({100 * killed / len(mutants):.0f} %)"]
    lines += [f"{m.id} survives: {m.survives or 'NOBODY KNOWS WHY'}" for m in alive]
    return "\n".join(lines)


def progress(results: Results) -> str:
    """How many bugs survived before there were tests for their kinds, and how many since."""
    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    survived = sum(not red for red in before.values())
    since = sum(not is_killed(results[name]["seen"]) for name in before)
    return f"New bugs: {len(before)}, of which {survived} survived before, {since} after."


def matrix(mutants: Iterable[Mutant], results: Results) -> str:
    """One line for each bug, one column for each kind of test."""
    mutants = list(mutants)
    width = max(len(m.id) for m in mutants)
    header = " ".join([" " * width, *LEVELS])
    return "\n".join([header, *(line(m, results[m.id]["seen"], width) for m in mutants)])


def line(mutant: Mutant, seen: Seen, width: int) -> str:
    """One bug in the matrix."""
    cells = (sign(seen, level).ljust(len(level)) for level in LEVELS)
    return " ".join([mutant.id.ljust(width), *cells]).rstrip()


def sign(seen: Mapping[str, str], level: str) -> str:
    """What the tests of a kind made of a bug."""
    if level not in seen:
        return ""
    return TIMED_OUT if seen[level] == TIMED_OUT else RED if seen[level] else GREEN


def page(tables: Mapping[str, list[Mutant]], results: Results) -> str:
    """All results as a page in Markdown."""
    links = ", ".join(f"[{name}.yaml]({name}.yaml)" for name in tables)
    every = [mutant for mutants in tables.values() for mutant in mutants]
    introduction = INTRODUCTION.format(red=RED, green=GREEN, tables=links)
    parts = [introduction, f"**{summary(every, results)}**\n", f"{progress(results)}\n"]
    parts += [_section(name, mutants, results) for name, mutants in tables.items()]
    return "\n".join(parts)


def _section(title: str, mutants: list[Mutant], results: Results) -> str:
    header = ["bug", *LEVELS, "first red test"]
    lines = [_row(header), _row([":--", *[":-:"] * len(LEVELS), ":--"])]
    for mutant in mutants:
        seen = results[mutant.id]["seen"]
        first = next((f"`{red}`" for red in seen.values() if red), mutant.survives)
        told = f"{mutant.bug} ({mutant.id})"
        lines.append(_row([told, *(sign(seen, level) for level in LEVELS), first]))
    return f"## {title}\n\n" + "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
