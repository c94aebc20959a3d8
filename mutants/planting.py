"""Plant a bug in a copy of the course, run tests there, and read which turned red.

The working tree is never touched: whatever happens, a crash leaves nothing behind but a temporary
folder, and usually not even that. Shapes in signatures are not checked here, so that a bug has to
show in what is computed.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .table import ROOT, Mutant, path_in

SECONDS = 300  # after which a run counts as hanging
NOT_COPIED = ("__pycache__", ".git", ".venv*", ".*_cache", ".ipynb_checkpoints", "cache", "shared")
OPTIONS = [
    *("-q", "--tb=no", "-p", "no:cacheprovider", "--continue-on-collection-errors"),
    *("-o", "addopts=--doctest-modules --strict-markers --import-mode=importlib"),
    *("--nbval-lax", "--nbval-current-env", "--nbval-sanitize-with=tests/nbval_sanitize.cfg"),
    *("--nbval-cell-timeout=120", "--nbval-kernel-startup-timeout=120"),
    *("-o", "junit_family=xunit1"),  # the form that says from which file a test is
]
# Imported once for all runs, where a process can be forked: none of it is the course's own.
WARM = ["torch", "torch._dynamo", "matplotlib.figure", "scipy.optimize", "sklearn.datasets"]
WARM += [f"transformers.models.{m}.modeling_{m}" for m in ("perceiver", "hiera", "deit", "vit")]
LEVELS = ("docstring", "unit", "exercise", "claim", "parity", "golden", "notebook")
KINDS = {"exercises": "exercise", "claims": "claim", "parity": "parity", "golden": "golden"}
TIMED_OUT = "time-out"

Seen = dict[str, str]  # level -> its first red test; "" where all are green


@contextmanager
def copied(root: Path = ROOT) -> Iterator[Path]:
    """A copy of the course for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "course"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
        yield copy


@contextmanager
def planted(mutant: Mutant, copy: Path) -> Iterator[None]:
    """Have the bug in the copy while the block runs.

    What stood there comes back with its old date, so that Python's compiled files, which are
    made without any bug, are right again.
    """
    file = copy / path_in(mutant.file)
    source, times = file.read_text(encoding="utf-8"), file.stat()
    file.write_text(mutant.planted_in(source), encoding="utf-8", newline="\n")
    try:
        yield
    finally:
        file.write_text(source, encoding="utf-8", newline="\n")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def run(
    copy: Path,
    targets: Iterable[str],
    *,
    seconds: float | None = SECONDS,
    first_only: bool = False,
    compiled: bool = False,
) -> Seen:
    """Run tests in the copy.

    Args:
        copy: of the course.
        targets: for pytest, within the copy.
        seconds: after which they are stopped, as hanging. None: never.
        first_only: stop at the first red test.
        compiled: store compiled files; never with a bug, whose file could be taken for
            the right one.

    Raises:
        RuntimeError: if pytest itself failed.
    """
    targets, report = list(dict.fromkeys(targets)), copy / "report.xml"
    report.unlink(missing_ok=True)
    options = [*OPTIONS, f"--junitxml={report}", *targets, *(["-x"] if first_only else [])]
    process = _context().Process(target=_pytest, args=(copy, options, compiled))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        return dict.fromkeys(map(level_of, targets), TIMED_OUT)
    if process.exitcode not in (0, 1):
        said = (copy / "output.txt").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"pytest failed:\n{said[-2000:]}")
    return read(report)


def _context() -> multiprocessing.context.BaseContext:
    """How processes begin: from one that has imported what takes long, where there can be one."""
    can_fork = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if can_fork else "spawn")
    if can_fork:
        context.set_forkserver_preload(WARM)
    return context


def _pytest(copy: Path, options: list[str], compiled: bool) -> None:
    """Run pytest on the copy, in a process of its own; notebooks' kernels import it, too."""
    os.chdir(copy)
    os.environ["PYTHONPATH"] = sys.path[0] = str(copy)
    if not compiled:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
    with open("output.txt", "w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        sys.exit(pytest.main(options))


def read(report: Path) -> Seen:
    """What pytest wrote down."""
    seen: Seen = {}
    for case in ElementTree.parse(report).iter("testcase"):
        marks = {child.tag for child in case}
        if "skipped" not in marks:
            level = level_of(case.get("file", ""))
            red = _name(case) if marks & {"failure", "error"} else ""
            seen[level] = seen.get(level) or red
    return {level: seen[level] for level in LEVELS if level in seen}


def _name(case: ElementTree.Element) -> str:
    file = Path(case.get("file", ""))
    if file.suffix == ".ipynb":
        short = file.name.partition("_")[2]
    elif file.parts[:1] == ("tests",):
        short = file.relative_to("tests").with_suffix("").as_posix()
    else:
        short = file.stem
    return f"{short}::{case.get('name', '')}"


def level_of(target: str) -> str:
    """What kind of test a file or a test of it is."""
    file = Path(target.partition("::")[0])
    if file.suffix == ".ipynb":
        return "notebook"
    if not file.name.startswith("test_"):
        return "docstring"
    return KINDS.get(file.parent.name, "unit")
