"""Imports flow one way, as the contracts in pyproject.toml say; models stay light."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("perceiver_tutorial", "perceiver_course")


def broken_contracts(root: Path) -> list[str]:
    """The names of the contracts that the packages in a folder break."""
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; "
    code += "sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    broken = re.findall(r"^(.+) BROKEN", done.stdout, re.M)
    assert bool(done.returncode) == bool(broken), done.stdout + done.stderr
    return broken


def test_imports_flow_one_way():
    assert broken_contracts(ROOT) == []


WRONG = [  # file, a line that has no place in it, the contract that says so
    ("perceiver_tutorial/masks.py", "from perceiver_course import claim",
     "Models never import the course"),
    ("perceiver_tutorial/perceiver/model.py", "from ..tracing import walk",
     "Three families on one floor; rooms that look at models from outside above them"),
    ("perceiver_course/chapters/flow/model.py", "from ..entities.data import film",
     "No chapter imports another"),
    ("perceiver_course/kit/letters.py", "from ..chapters.bytes.exercises import TWO_BYTES",
     "Chapters and explorers stand on the kit; what two need is in it"),
    ("perceiver_tutorial/hiera/model.py", "def f():\n    import matplotlib.pyplot",
     "Models need neither plots, widgets nor sample pictures"),
    ("perceiver_course/kit/claims.py", "from transformers import PerceiverModel",
     "Only checkpoints know transformers and the Hub"),
    ("perceiver_course/kit/sound.py", "import ipywidgets",
     "Widgets are at home with the explorers"),
]  # fmt: skip


def test_wrong_imports_are_noticed(tmp_path):
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    for file, line, _ in WRONG:
        with (tmp_path / file).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    assert set(broken_contracts(tmp_path)) == {contract for *_, contract in WRONG}


def modules_imported(source: str, package: list[str]) -> set[str]:
    """Every project module, or name in one, that a source imports, with its dots."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def users() -> dict[str, set[str]]:
    """Module of the models -> who imports it: files of the packages, and notebooks."""
    found = defaultdict(set)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            for module in modules_imported(path.read_text("utf-8"), list(parts[:-1])):
                found[module].add("/".join(parts))
    for path in ROOT.glob("notebooks/*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        for module in modules_imported(re.sub(r"^[%!].*$", "", code, flags=re.M), []):
            found[module].add(path.name)
    return found


def test_no_file_of_the_models_is_there_for_one_notebook_only():
    """What one notebook needs stands in its chapter."""
    who, lonely = users(), []
    for path in (ROOT / PACKAGES[0]).rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if len(who[module]) == 1 and next(iter(who[module])).endswith(".ipynb"):
            lonely.append(module)
    assert lonely == []


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_models_bring_neither_plotting_nor_widgets_nor_transformers():
    heavy = {"matplotlib", "ipywidgets", "transformers", "IPython", "sklearn", "skimage", "yaml"}
    statement = "import perceiver_tutorial, perceiver_tutorial.perceiver"
    assert not heavy & modules_after(statement)


def test_a_prediction_reads_its_own_chapter_only():
    modules = modules_after("from perceiver_course import predict; predict('flow.answer', ...)")
    chapters = {m.split(".")[2] for m in modules if m.startswith("perceiver_course.chapters.")}
    assert chapters == {"flow"}


def test_the_package_is_imported_in_little_more_time_than_torch():
    code = (
        "import time; first = time.process_time(); import torch; second = time.process_time(); "
        "import perceiver_tutorial.perceiver; "
        "print((time.process_time() - second) / (second - first))"
    )
    shares = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(shares) < 0.25  # 0.07 was measured
