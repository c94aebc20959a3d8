"""Imports flow one way. The map of rooms in the README is this table, and this table is checked."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "perceiver_tutorial"
MODELS = {"deit", "hiera", "perceiver"}
FLOOR = {"attention", "doors", "drop_path", "initial", "masks", "positions", "taps"}
MAY_IMPORT = {
    "attention": {"doors", "taps"},
    "doors": set(),
    "drop_path": {"doors"},
    "initial": {"doors"},
    "masks": {"doors"},
    "positions": {"doors"},
    "taps": {"doors"},
    "deit": FLOOR,
    "hiera": FLOOR,
    "perceiver": FLOOR,
    "checkpoints": FLOOR | MODELS | {"tracing"},
    "synthetic": FLOOR,
    "samples": {"doors"},
    "training": {"doors"},
    "recipes": MODELS | {"doors", "initial", "samples", "synthetic", "training"},
    "tracing": FLOOR | MODELS,
    "ledger": {"doors"},
    "speed": {"attention", "doors", "perceiver", "taps"},
    "viz": FLOOR | {"tracing"},
    "exercises": FLOOR | MODELS | {"tracing", "viz"},
    "evaluation": {"checkpoints", "deit", "doors", "perceiver"},
    "widgets": FLOOR
    | MODELS
    | {
        "checkpoints",
        "ledger",
        "recipes",
        "samples",
        "synthetic",
        "tracing",
        "training",
        "viz",
    },
    "cli": {"evaluation", "ledger", "tracing"},
    "__init__": set(),
}
ONLY_IN = {
    "matplotlib": {"viz"},
    "ipywidgets": {"widgets"},
    "transformers": {"checkpoints"},
    "huggingface_hub": {"checkpoints"},
    "sklearn": {"samples"},
    "skimage": {"samples", "training"},
}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(source: str, path: Path) -> set[str]:
    """Rooms of ours and packages of others that a file imports, wherever in the file."""
    found = set()
    above = len(path.relative_to(ROOT).parts)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.level == above:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {name.split(".")[0] for name in names}
    return found


def complaints(source: str, path: Path) -> list[str]:
    room = room_of(path)
    rooms = {r for r in imported(source, path) if r in MAY_IMPORT and r != room}
    packages = {p for p in imported(source, path) if p in ONLY_IN and room not in ONLY_IN[p]}
    return [
        *(f"{room} may not import {other}" for other in sorted(rooms - MAY_IMPORT[room])),
        *(f"{package} belongs in {', '.join(ONLY_IN[package])}" for package in sorted(packages)),
    ]


FILES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_flow_one_way(path):
    assert complaints(path.read_text(encoding="utf-8"), path) == []


def test_every_room_is_on_the_map():
    assert {room_of(path) for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("file, source, complaint", [
    ("attention.py", "from .perceiver import build", "attention may not import perceiver"),
    ("perceiver/model.py", "from ..tracing import walk", "perceiver may not import tracing"),
    ("perceiver/preprocessors/x.py", "from ...viz import Picture", "perceiver may not import viz"),
    ("perceiver/model.py", "import matplotlib.pyplot", "matplotlib belongs in viz"),
    ("training/loop.py", "def f():\n    from .. import perceiver",
     "training may not import perceiver"),
    ("ledger/claims.py", "from transformers import PerceiverModel",
     "transformers belongs in checkpoints"),
])  # fmt: skip
def test_a_wrong_import_is_noticed(file, source, complaint):
    assert complaints(source, ROOT / file) == [complaint]


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_models_bring_neither_plotting_nor_widgets_nor_transformers():
    heavy = {"matplotlib", "ipywidgets", "transformers", "IPython", "sklearn", "skimage", "yaml"}
    statement = "import perceiver_tutorial, perceiver_tutorial.perceiver"
    assert not heavy & modules_after(statement)


def test_the_package_is_imported_in_little_more_time_than_torch():
    code = (
        "import time, torch; start = time.process_time(); import perceiver_tutorial.perceiver; "
        "print(time.process_time() - start)"
    )
    seconds = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(seconds) < 0.3
