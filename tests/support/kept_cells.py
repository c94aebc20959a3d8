"""The cells that readers keep, of all notebooks in their order."""

import ast
import json
import linecache
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "notebooks"
IMPORT = re.compile(r"^(?:import|from) (?:[^(\n]+$|\S+ import \([^)]*\))", re.M)
DEFINITION = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Kept:
    """One cell with the tag `keep`.

    Attributes:
        notebook: the stem of its file.
        number: of the cell.
        source: its code.
        imports: statements of the cells before it.
    """

    notebook: str
    number: int
    source: str
    imports: tuple[str, ...]

    @property
    def file(self) -> str:
        """A name under which its lines can be found, as in a notebook."""
        return f"<{self.notebook}, cell {self.number}>"

    @property
    def names(self) -> list[str]:
        """What it defines."""
        return [node.name for node in ast.parse(self.source).body if isinstance(node, DEFINITION)]


def kept_cells(folder: Path = FOLDER) -> Iterator[Kept]:
    """All cells that readers keep, in the order in which they type them."""
    for path in sorted(folder.glob("[0-9]*.ipynb")):
        imports: list[str] = []
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            source = "".join(cell["source"])
            if "keep" in cell["metadata"].get("tags", []):
                yield Kept(path.stem, number, source, tuple(imports))
            if cell["cell_type"] == "code":
                imports += IMPORT.findall(source)


def run_kept_cells(space: dict, changed: dict[str, tuple[str, str]] | None = None) -> list[str]:
    """Define in a namespace what readers have in their file; the names of the definitions.

    What they have typed before is theirs; what they have not is imported, as a notebook does.

    Args:
        space: gets the definitions.
        changed: name of a definition -> (a part of its cell, what stands there instead).
    """
    defined: list[str] = []
    for cell in kept_cells():
        source = cell.source
        for name in cell.names:
            old, new = (changed or {}).get(name, ("", ""))
            assert source.count(old) == 1 or not old, f"{old!r} stands not once in {cell.file}"
            source = source.replace(old, new) if old else source
        for statement in (*cell.imports, *IMPORT.findall(source)):
            _import(statement, space)
        tree = ast.parse(source)
        tree.body = [node for node in tree.body if isinstance(node, DEFINITION)]
        linecache.cache[cell.file] = (len(source), None, source.splitlines(True), cell.file)
        exec(compile(tree, cell.file, "exec"), space)
        defined += cell.names
    return defined


def _import(statement: str, space: dict) -> None:
    """Import what is not there yet."""
    found: dict = {}
    names = [each.asname or each.name for each in ast.parse(statement).body[0].names]
    if not all(name.partition(".")[0] in space for name in names):
        exec(statement, found)
        space.update({name: value for name, value in found.items() if name not in space})
