"""Which claims are checked, and where: read from the notebooks and the tests themselves."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import ROOT
from .claims import CHECKABLE, OPEN, Claim, read_claims

CALL = re.compile(r"""\bclaim\(\s*["']([\w\-]+\.[\w.\-]+)["']""")


def checks(root: Path = ROOT) -> dict[str, list[str]]:
    """Claim id -> the notebooks and tests that call `claim` with it."""
    found: dict[str, list[str]] = {}
    for file, source in _sources(root):
        for claim_id in CALL.findall(source):
            places = found.setdefault(claim_id, [])
            if file not in places:
                places.append(file)
    return found


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    for file in sorted((root / "tests").rglob("test_*.py")):
        yield file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
    for file in sorted((root / "notebooks").glob("*.ipynb")):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        yield file.relative_to(root).as_posix(), "\n".join(code)


def unchecked(claims: Mapping[str, Claim], system: str, root: Path = ROOT) -> list[str]:
    """Claims of a system that could be checked and are not."""
    checked = checks(root)
    return [
        entry.id
        for entry in claims.values()
        if entry.system == system and entry.verdict in CHECKABLE and entry.id not in checked
    ]


def open_claims(claims: Mapping[str, Claim], root: Path = ROOT) -> dict[str, list[str]]:
    """Claims that only published weights can decide.

    Args:
        claims: by id.
        root: of the course.

    Returns:
        Id -> the tests that try it where there are weights; none: it needs ImageNet or more.
    """
    checked = checks(root)
    return {e.id: checked.get(e.id, []) for e in claims.values() if e.verdict == OPEN}


def report(root: Path = ROOT) -> str:
    """How many claims there are, can be checked, are checked; and which stay open.

    Raises:
        FileNotFoundError: if there are no notebooks to look into, as where a wheel is installed.
    """
    if not (root / "notebooks").is_dir():
        raise FileNotFoundError(
            f"expected notebooks in {root}: they and the tests say which claims are checked. "
            "Run it in a copy of the course."
        )
    claims, checked = read_claims(), checks(root)
    systems = dict.fromkeys(entry.system for entry in claims.values())
    rows = [
        _row(system, [c for c in claims.values() if c.system == system], checked)
        for system in systems
    ]
    rows.append(_row("all", list(claims.values()), checked))
    lines = ["system                     claims  checkable  checked"]
    lines += [f"{name:25}  {total:6}  {able:9}  {done:7}" for name, total, able, done in rows]
    return "\n".join([*lines, "", *_open_lines(open_claims(claims, root))])


def _open_lines(found: Mapping[str, list[str]]) -> list[str]:
    tried = [claim_id for claim_id, places in found.items() if places]
    paragraphs = (
        f"open, for want of published weights: {len(found)}",
        f"tried by pytest -m weights: {', '.join(tried)}",
        "not tried, as they need ImageNet, other data or other models: "
        f"{', '.join(claim_id for claim_id in found if claim_id not in tried)}",
    )
    return [textwrap.fill(p, 92, subsequent_indent="  ", break_on_hyphens=False)
            for p in paragraphs]  # fmt: skip


def _row(name: str, claims: list[Claim], checked: Mapping) -> tuple[str, int, int, int]:
    able = [entry for entry in claims if entry.verdict in CHECKABLE]
    return name, len(claims), len(able), sum(entry.id in checked for entry in able)
