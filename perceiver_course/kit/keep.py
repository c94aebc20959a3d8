"""The reader's own file: what was typed in the notebooks, collected in `my_model.py`."""

import ast
import builtins
import hashlib
import inspect
import linecache
import os
import re
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = "MY_MODEL_FOLDER"  # an environment variable; without it the notebook's own folder
HEAD = '"""My own models, typed in the notebooks; `keep` writes here."""\n'
MARK = re.compile(r"^# ---- (\w+) · ([0-9a-f]{8}) ----\n", re.M)


@dataclass
class MyModel:
    """The file in parts.

    Attributes:
        head: docstring and imports.
        blocks: name -> its definition.
        signatures: name -> what `keep` wrote there, as a checksum.
    """

    head: str
    blocks: dict[str, str]
    signatures: dict[str, str]

    @classmethod
    def read(cls, file: Path) -> "MyModel":
        """Read the file; one that is not there yet is empty.

        Raises:
            ValueError: if it is no Python any more, with the line.
        """
        text = file.read_text(encoding="utf-8") if file.exists() else HEAD
        try:
            ast.parse(text)
        except SyntaxError as error:
            raise ValueError(
                f"expected Python in {file.name}, but line {error.lineno} is none: {error.msg}. "
                "Repair it, or move the file away to begin a new one."
            ) from error
        head, *rest = MARK.split(text)
        names, signatures, bodies = rest[::3], rest[1::3], rest[2::3]
        blocks = {name: body.strip("\n") + "\n" for name, body in zip(names, bodies, strict=True)}
        return cls(head.rstrip("\n") + "\n", blocks, dict(zip(names, signatures, strict=True)))

    def is_changed_by_hand(self, name: str) -> bool:
        """Whether a block is no longer what `keep` wrote."""
        return _checksum(self.blocks[name]) != self.signatures[name]

    def add_imports(self, lines: set[str]) -> None:
        """Add what the head does not import yet."""
        missing = sorted(lines - set(self.head.splitlines()))
        gap = "" if "import " in self.head else "\n"
        self.head += gap + "".join(f"{line}\n" for line in missing) if missing else ""

    def write(self, file: Path) -> None:
        """Write beside the file and move it there."""
        blocks = (
            f"\n\n# ---- {name} · {self.signatures[name]} ----\n{body}"
            for name, body in self.blocks.items()
        )
        beside = file.with_suffix(".part")
        beside.write_text(self.head + "".join(blocks), encoding="utf-8")
        beside.replace(file)


def keep(*objects: Any, replace: bool = False, file: str = "my_model.py") -> None:
    """Write functions and classes that you typed into your own file.

    The file lies beside the notebook and can be imported: `from my_model import attention`. A
    definition of the same name is replaced, unless you have changed it in the file by hand.
    What a definition uses must be kept already, or be imported; the file then imports it, too.

    Args:
        objects: functions and classes, defined in a cell.
        replace: replace a definition that was changed by hand.
        file: its name.

    Raises:
        ValueError: if a definition uses something that is neither kept nor imported, was changed
            by hand, or if the file is no Python any more.
        TypeError: if an object is neither a function nor a class, or was not defined in a cell.
    """
    place = Path(os.environ.get(FOLDER, ".")) / file
    mine = MyModel.read(place)
    for thing in objects:
        name, source = _definition(thing)
        is_another = name in mine.blocks and mine.blocks[name] != source
        if is_another and mine.is_changed_by_hand(name) and not replace:
            raise ValueError(
                f"{file} has another {name}, which was changed by hand. To replace it: "
                f"keep({name}, replace=True)."
            )
        mine.add_imports(set(_imports(name, source, _space(thing), mine)))
        mine.blocks[name], mine.signatures[name] = source, _checksum(source)
    mine.write(place)
    for thing in objects:
        lines = len(mine.blocks[thing.__name__].splitlines())
        print(f"{file}: {thing.__name__}, {lines} lines")


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _code(thing: Any) -> Any:
    """The code of a function, or of one of the methods of a class."""
    if inspect.isclass(thing):
        methods = (inspect.unwrap(value) for value in vars(thing).values() if callable(value))
        return next((method.__code__ for method in methods if hasattr(method, "__code__")), None)
    return getattr(inspect.unwrap(thing), "__code__", None) if callable(thing) else None


def _definition(thing: Any) -> tuple[str, str]:
    """Name and source; inspect cannot find that of a class in a notebook."""
    code = _code(thing)
    if code is None or not hasattr(thing, "__name__"):
        raise TypeError(
            f"expected functions and classes that you defined, got {type(thing).__name__}."
        )
    if "site-packages" in Path(code.co_filename).parts:
        raise TypeError(
            f"expected functions and classes that you defined, got {thing.__name__} of a library: "
            "import it where you need it."
        )
    lines = linecache.getlines(code.co_filename)
    kinds = ast.FunctionDef | ast.ClassDef
    try:
        nodes = ast.parse("".join(lines)).body
    except SyntaxError:  # a cell with a line such as %matplotlib
        nodes = []
    for node in nodes:
        if isinstance(node, kinds) and node.name == thing.__name__:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            return node.name, "".join(lines[first - 1 : node.end_lineno]).rstrip("\n") + "\n"
    raise TypeError(
        f"expected {thing.__name__} to be defined in a cell, alone or beside other definitions, "
        "without % and ! lines. Run the cell that defines it, then keep it."
    )


def _space(thing: Any) -> dict[str, Any]:
    """What a definition sees."""
    if inspect.isclass(thing):
        return vars(sys.modules[thing.__module__])
    return inspect.unwrap(thing).__globals__


def _imports(name: str, source: str, space: dict[str, Any], mine: MyModel) -> Iterator[str]:
    """The lines that import what a definition uses.

    Raises:
        ValueError: if something it uses is neither kept nor imported.
    """
    for used in sorted(_global_names(symtable.symtable(source, name, "exec")) - {name}):
        if used in mine.blocks or (used not in space and hasattr(builtins, used)):
            continue
        value = space.get(used)
        if isinstance(value, ModuleType):
            parent, _, last = value.__name__.rpartition(".")
            if last == used:
                yield f"from {parent} import {used}" if parent else f"import {used}"
            else:
                yield f"import {value.__name__} as {used}"
        elif getattr(value, "__module__", "__main__") not in ("__main__", space["__name__"]):
            known_as = getattr(value, "__name__", used)
            other = "" if known_as == used else f" as {used}"
            yield f"from {_shortest(value, known_as)} import {known_as}{other}"
        else:
            raise ValueError(f"{name} uses {used}, which is not kept yet: keep({used}) first.")


def _shortest(value: Any, name: str) -> str:
    """The highest package that offers a thing under its name."""
    parts = value.__module__.split(".")
    packages = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    offers = (one for one in packages if getattr(sys.modules.get(one), name, None) is value)
    return next(offers, value.__module__)


def _global_names(table: symtable.SymbolTable) -> set[str]:
    """The names that a definition takes from outside."""
    is_top = table.get_type() == "module"
    used = {
        each.get_name()
        for each in table.get_symbols()
        if each.is_referenced() and (each.is_global() or (is_top and not each.is_assigned()))
    }
    return used.union(*map(_global_names, table.get_children()))
