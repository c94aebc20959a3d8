"""Every solution that a notebook prints is accepted, as it stands there."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[3] / "notebooks").glob("[0-9]*.ipynb"))
LEANS_ON_ITS_NOTEBOOK = {"ONE_QUERY_EACH", "DOCTORED"}  # on names that other cells compute
SOLUTION = r"Solution</summary>.*?```python\n(.*?)```"
CHECK = r"^([A-Z][A-Z0-9_]+)\.check\((\w+)\)$"


def exercises(path: Path):
    """The import, the name of the exercise, that of the answer, and the code of its solution."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        asked = re.search(CHECK, source, re.M)
        if cell["cell_type"] == "code" and asked:
            after = ["".join(each["source"]) for each in cells[number + 1 : number + 4]]
            solved = [re.search(SOLUTION, each, re.S) for each in after]
            code = next((found.group(1) for found in solved if found), None)
            if code and asked[2] in code and asked[1] not in LEANS_ON_ITS_NOTEBOOK:
                yield pytest.param(path, source, asked[2], code, id=f"{path.stem}-{asked[1]}")


ALL = [each for path in NOTEBOOKS for each in exercises(path)]


def before(path: Path, source: str) -> dict:
    """The names that a notebook has imported before an exercise; where a cell fails, without it."""
    space = {"__name__": "__main__"}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        code = "".join(cell["source"])
        if code == source:
            break
        if cell["cell_type"] == "code":
            imports = re.findall(
                r"^(?:import|from) [^(\n]+$|^from \S+ import \([^)]*\)", code, re.M
            )
            exec("\n".join(imports), space)
    return space


@pytest.mark.parametrize("path, source, name, code", ALL)
def test_the_printed_solution_is_right(path, source, name, code):
    space = before(path, source)
    imports = re.findall(r"^(?:import|from) .+$", source, re.M)
    exec("\n".join(imports), space)
    exec(code, space)
    checked = re.search(CHECK, source, re.M)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        space[checked[1]].check(space[name])
    assert said.getvalue().startswith("right")


def test_nearly_all_exercises_print_their_solution():
    assert len(ALL) > 80
