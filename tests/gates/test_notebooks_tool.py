"""The normal form of notebooks: what it drops, what it keeps, and that failures change no file."""

import nbformat
import pytest
from nbformat import v4

from tools import notebooks

BAR = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "0%|   |"}
VIEW = BAR | {"image/png": "iVBO"}


@pytest.fixture
def store(tmp_path):
    """Write the cells to a file, and return its path."""

    def store(*cells):
        path = tmp_path / "a.ipynb"
        nbformat.write(v4.new_notebook(cells=list(cells)), path)
        return path

    return store


def outputs(path):
    return notebooks.read(path).cells[0].outputs


def test_the_normal_form_is_its_own_normal_form(store):
    path = store(v4.new_markdown_cell("# Title"), v4.new_code_cell("1", metadata={"timing": 3}))
    assert not notebooks.check(path)
    notebooks.write(notebooks.read(path), path)
    assert notebooks.check(path)
    assert [cell.id for cell in notebooks.read(path).cells] == ["cell-00", "cell-01"]


def test_metadata_keeps_tags_and_slides_and_nothing_else(store):
    kept = {"tags": ["exercise"], "slideshow": {"slide_type": "slide"}}
    path = store(v4.new_code_cell("1", metadata={**kept, "execution": {}, "collapsed": True}))
    notebooks.write(notebooks.read(path), path)
    assert notebooks.read(path).cells[0].metadata == kept


def test_a_widget_leaves_its_picture_and_warnings_and_progress_bars_leave_nothing(store):
    warning = v4.new_output("stream", name="stderr", text="careful")
    bar, view = (v4.new_output("display_data", data) for data in (BAR, VIEW))
    path = store(v4.new_code_cell("1", outputs=[warning, bar, view]))
    notebooks.write(notebooks.read(path), path)
    assert [output.data for output in outputs(path)] == [
        {"text/plain": "0%|   |", "image/png": "iVBO"}
    ]


SOLVED = """<details><summary>Hint</summary>Look.</details>

<details><summary>Solution</summary>

```python
1
```

</details>"""


def test_a_class_gets_no_solutions_no_cells_for_teachers_and_no_outputs(
    store, tmp_path, monkeypatch
):
    monkeypatch.setattr(notebooks, "STUDENTS", tmp_path / "class")
    answer = "<details><summary>Answer</summary>It is 3.</details>"
    path = store(
        v4.new_code_cell("def attention(): ...", metadata={"tags": ["keep"]}),
        v4.new_code_cell("def yours(): ...", metadata={"tags": ["exercise"]}),
        v4.new_markdown_cell(SOLVED, metadata={"tags": ["hint", "solution"]}),
        v4.new_markdown_cell(answer, metadata={"tags": ["solution"]}),
        v4.new_markdown_cell("Ten minutes.", metadata={"tags": ["instructor"]}),
        v4.new_code_cell("1", outputs=[v4.new_output("stream", text="1")], execution_count=3),
    )
    before = path.read_bytes()
    assert notebooks.main(["student", str(path)]) == 0
    assert path.read_bytes() == before
    cells = notebooks.read(tmp_path / "class" / path.name).cells
    assert [cell.source for cell in cells] == [
        "def attention(): ...",
        "def yours(): ...",
        "<details><summary>Hint</summary>Look.</details>",
        "1",
    ]
    assert cells[3].outputs == [] and cells[3].execution_count is None


def test_executing_again_changes_no_byte(store):
    source = "import sys\nfor n in range(3): print(n, flush=True)\nprint('x', file=sys.stderr)\nn"
    path = store(v4.new_code_cell(source))
    assert notebooks.run(path)
    first = path.read_bytes()
    assert notebooks.run(path)
    assert path.read_bytes() == first
    assert notebooks.is_normal(path)
    assert outputs(path)[0].text == "0\n1\n2\n"


def test_a_failing_cell_is_told_and_leaves_the_file_alone(store, capsys):
    path = store(
        v4.new_markdown_cell("# Title"), v4.new_code_cell("x = 1\nraise ValueError('a b')")
    )
    before = path.read_bytes()
    assert notebooks.main(["run", str(path)]) == 1
    assert path.read_bytes() == before
    told = capsys.readouterr().out
    assert "FAILED, the file is unchanged; cell 1, which begins 'x = 1':" in told
    assert told.endswith("    ValueError: a b\n")


def test_formatting_formats_the_code(store):
    path = store(v4.new_code_cell("x=[1,2]"))
    assert notebooks.main(["format", str(path)]) == 0
    assert notebooks.read(path).cells[0].source == "x = [1, 2]"
    assert notebooks.main(["check", str(path)]) == 0
