"""Execute notebooks and keep them in one normal form, so that executing again changes no byte.

    python tools/notebooks.py run notebooks/*.ipynb       execute, then store in normal form
    python tools/notebooks.py format notebooks/*.ipynb    ruff format the code, then the same form
    python tools/notebooks.py check notebooks/*.ipynb     name the files in another form
    python tools/notebooks.py student notebooks/*.ipynb   into build/student, for a class: without
                                                          solutions, teachers' cells, outputs

The normal form: cells are numbered, the metadata names the kernel and the cells' tags, outputs hold
what a reader can see without a kernel, and nothing holds a time, an address or a widget's number.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbformat import NotebookNode

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT_METADATA = ("tags", "slideshow")
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS_PER_CELL = 600
STUDENTS = Path("build/student")
SOLUTION = r"<details><summary>(?:Solution|Answer)</summary>.*?</details>"


def normal(notebook: NotebookNode) -> NotebookNode:
    """The notebook in normal form; it is changed in place."""
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook.metadata = nbformat.from_dict(metadata)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        kept = {key: cell.metadata[key] for key in KEPT_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = [without_widget(each) for each in cell.outputs if is_shown(each)]
    return notebook


def is_shown(output: NotebookNode) -> bool:
    """Whether a reader should see the output: all but warnings and progress bars."""
    is_warning = output.output_type == "stream" and output.name == "stderr"
    is_only_live = set(output.get("data", {})) in ({WIDGET}, {WIDGET, "text/plain"})
    return not (is_warning or is_only_live)


def without_widget(output: NotebookNode) -> NotebookNode:
    """The output without its live view, which needs a kernel; its picture stays."""
    output.get("data", {}).pop(WIDGET, None)
    return output


def read(path: Path) -> NotebookNode:
    """The notebook in a file."""
    return nbformat.read(path, as_version=4)


def text(notebook: NotebookNode) -> str:
    """The notebook as it is stored."""
    return nbformat.writes(notebook, indent=1) + "\n"


def write(notebook: NotebookNode, path: Path) -> None:
    """Store the notebook in normal form."""
    replace(path, text(normal(notebook)))


def replace(path: Path, content: str) -> None:
    """Write a file in one step, so that an interruption leaves the old one whole."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(content, encoding="utf-8", newline="\n")
    os.replace(draft, path)


def is_normal(path: Path) -> bool:
    """Whether storing the notebook again would change no byte."""
    return path.read_bytes() == text(normal(read(path))).encode()


def execute(notebook: NotebookNode, folder: Path) -> str:
    """Run all cells in place; a description of what failed, or ''."""
    from nbclient import NotebookClient, exceptions

    from perceiver_course.kit.keep import FOLDER

    cells = []
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # how many pieces a long print arrives in is chance
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # else it warns about its own port
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, cell_index: cells.append((cell_index, cell)),
    )
    try:
        with tempfile.TemporaryDirectory() as mine:  # storing writes into no reader's file
            client.execute(env={**os.environ, FOLDER: mine})
    except exceptions.CellExecutionError as error:
        return failure(*cells[-1], f"{error.ename}: {error.evalue}")
    except (exceptions.CellTimeoutError, exceptions.DeadKernelError) as error:
        return failure(*cells[-1], str(error).splitlines()[0])
    return ""


def failure(index: int, cell: NotebookNode, error: str) -> str:
    """Where it failed and how, in a few lines."""
    first = cell.source.strip().splitlines()[0]
    words = "\n".join(f"    {line}" for line in error.splitlines()[:6])
    return f"cell {index}, which begins {first!r}:\n{words}"


def run(path: Path) -> bool:
    """Execute one notebook and store it, unless a cell fails."""
    started = time.time()
    notebook = read(path)
    failed = execute(notebook, path.parent)
    if not failed:
        write(notebook, path)
    outcome = f"FAILED, the file is unchanged; {failed}" if failed else ""
    print(f"{path.stem:32} {time.time() - started:6.1f} s  {outcome}".rstrip(), flush=True)
    return not failed


def reformat(path: Path) -> bool:
    """Format the code of one notebook with ruff and store it in normal form."""
    status = subprocess.call([sys.executable, "-m", "ruff", "format", "--quiet", str(path)])
    write(read(path), path)
    return status == 0


def check(path: Path) -> bool:
    """Say so when one notebook is not in normal form."""
    if not is_normal(path):
        print(f"{path} is not in normal form: python tools/notebooks.py format {path}")
        return False
    return True


def for_students(notebook: NotebookNode) -> NotebookNode:
    """A copy for a class: no solutions, no cells for instructors, no outputs.

    Exercises are stored as stubs and stay as they are; so do cells to keep, and hints.
    """
    copied = nbformat.from_dict(notebook)
    cells = []
    for cell in copied.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags:
            cell.source = re.sub(SOLUTION, "", cell.source, flags=re.DOTALL).strip()
        if "instructor" not in tags and cell.source.strip():
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            cells.append(cell)
    copied.cells = cells
    return normal(copied)


def student(path: Path) -> bool:
    """Write one notebook's edition for a class."""
    STUDENTS.mkdir(parents=True, exist_ok=True)
    replace(STUDENTS / path.name, text(for_students(read(path))))
    return True


VERBS: dict[str, Callable[[Path], bool]] = {
    "run": run, "format": reformat, "check": check, "student": student,
}  # fmt: skip


def main(words: list[str]) -> int:
    """Do one verb to every file; 0 when all went well."""
    if not words or words[0] not in VERBS:
        print(__doc__)
        return 2
    return int(not all([VERBS[words[0]](Path(word)) for word in words[1:]]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
