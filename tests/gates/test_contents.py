"""One table says which notebooks there are; what they need is measured, wrong headers refused."""

import json
import os
import re
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

import tutorial
from tools import contents, run_tests
from tools.contents import Needs, Notebook

USUAL = {f"{n:02d}": Needs(10.0 * n, 1.0) for n in range(1, 8)}


def spoilt(**changes):
    """What was said, with some of it wrong."""
    return {**USUAL, **{name.removeprefix("n"): value for name, value in changes.items()}}


def test_a_machine_half_as_fast_finds_nothing_wrong():
    slower = {name: Needs(2.5 * each.seconds, 1.1) for name, each in USUAL.items()}
    assert contents.complaints(slower, USUAL) == []


@pytest.mark.parametrize("said, complaint", [
    (spoilt(n03=Needs(12, 1.0)), "03: 30 seconds, 1.0 GB to run, the header says 15 seconds"),
    (spoilt(n03=Needs(70, 1.0)), "03: 30 seconds, 1.0 GB to run, the header says 70 seconds"),
    (spoilt(n05=Needs(50, 0.4)), "05: 50 seconds, 1.0 GB to run, the header says 50 seconds"),
    (spoilt(n05=Needs(50, 2.1)), "05: 50 seconds, 1.0 GB to run, the header says 50 seconds"),
    (spoilt(n07=None), "07: the header says nothing"),
])  # fmt: skip
def test_a_header_that_is_wrong_by_more_than_two_is_named(said, complaint):
    [found] = contents.complaints(USUAL, said)
    assert found.startswith(complaint)


def test_the_seconds_of_few_notebooks_cannot_be_judged():
    few = {"01": Needs(100, 1.0), "02": Needs(1, 1.0)}
    assert contents.complaints(few, {"01": Needs(10, 1.0), "02": Needs(10, 1.0)}) == []


def test_a_process_is_measured():
    code = "x = bytearray(300_000_000); [i for i in range(10**7)]; print(1, flush=True); input()"
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    used = contents.used_by(process.pid)
    process.communicate(b"\n")
    assert 0.1 < used.seconds < 30
    assert 0.3 < used.gigabytes < 1.5


ROW = Notebook("01_a", "a", "A", "Begin", "what", "none", 40, 50, 2.0)
ROWS = [ROW, replace(ROW, file="02_b", topic="b", title="B to C", prerequisites="first {a}")]
README = "# A\n<!-- notebooks -->\n<!-- end of notebooks -->\nSee [02](notebooks/02_b.ipynb).\n"
SOURCES = {
    "01_a": [
        "# 01 · A\n\n**Prerequisites** · none\n\n**Time** · 9 minutes to read, 5 seconds to run"
    ],
    "02_b": [
        "# 02 · B\n\n**Prerequisites** · none\n\n**Time** · 9 minutes",
        "The end.\n\n**Back** · [01 A](01_a.ipynb)\n\n| A | table |",
    ],
}


@pytest.fixture
def course(tmp_path):
    """A course of two notebooks and a README, in line with its table."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / contents.TABLE).write_text(contents.table(ROWS, "# What is read.\n"), "utf-8")
    for name, sources in SOURCES.items():
        notebook = contents.notebooks.nbformat.v4.new_notebook()
        new_cell = contents.notebooks.nbformat.v4.new_markdown_cell
        notebook.cells = [new_cell(source) for source in sources]
        contents.notebooks.write(notebook, tmp_path / f"notebooks/{name}.ipynb")
    (tmp_path / "README.md").write_text(README, "utf-8")
    contents.write(tmp_path)
    return tmp_path


def said(course, name):
    """The prose of a notebook."""
    cells = json.loads((course / f"notebooks/{name}.ipynb").read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


def reorder(course, *rows):
    """Store another table and write what follows from it."""
    (course / contents.TABLE).write_text(contents.table(list(rows), "# What is read.\n"), "utf-8")


def test_headers_and_the_readme_say_what_the_table_says(course):
    assert contents.stale(course) == []
    assert said(course, "02_b").startswith(
        "# 02 · B to C\n\n**Prerequisites** · first [01 A](01_a.ipynb)\n\n"
        "**Time** · 40 minutes to read, 50 seconds, 2.0 GB to run"
    )
    readme = (course / "README.md").read_text("utf-8")
    assert "| [02 B to C](notebooks/02_b.ipynb) | what | 40 min | 50 s | 2.0 GB |" in readme
    assert readme.count("**Begin**") == 1


def test_two_notebooks_change_places_with_all_that_names_their_numbers(course):
    first, second = ROWS
    reorder(course, replace(second, file="01_b"), replace(first, file="02_a"))
    assert contents.stale(course) == ["README.md", "notebooks/01_a.ipynb", "notebooks/01_b.ipynb",
                                      "notebooks/02_a.ipynb", "notebooks/02_b.ipynb"]  # fmt: skip
    assert contents.main([], course) == 0
    assert contents.stale(course) == []
    assert said(course, "02_a").startswith("# 02 · A\n")
    assert "first [02 A](02_a.ipynb)" in said(course, "01_b")
    assert "See [01](notebooks/01_b.ipynb)." in (course / "README.md").read_text("utf-8")


def test_a_notebook_leads_to_those_beside_it_and_what_follows_stays(course):
    reorder(course, replace(ROW, file="00_c", topic="c", title="C"), *ROWS)
    source = "**Back** · [9](9.ipynb) · **Next** ·\n[8](8.ipynb), if you like\n\n| A | table |"
    assert contents.footed(source, ROWS[0], contents.read(course)) == (
        "**Back** · [00 C](00_c.ipynb) · **Next** · [02 B to C](02_b.ipynb), if you like\n\n"
        "| A | table |"
    )


def test_a_notebook_that_only_the_table_or_only_the_folder_has_is_named(course):
    reorder(course, *ROWS, replace(ROW, file="03_d", topic="d"))
    (course / "notebooks/x.ipynb").write_text("{}", "utf-8")
    assert {"notebooks/03_d.ipynb", "notebooks/x.ipynb"} <= {*contents.stale(course)}


def test_what_was_measured_is_written_and_read_again(course):
    contents.keep({"01_a": Needs(11.2, 0.94)}, course)
    contents.keep({}, course)
    for _ in range(2):
        assert contents.main([], course) == 0
    assert contents.read(course)[0] == replace(ROW, seconds=15, gigabytes=0.9)
    assert (course / contents.TABLE).read_text("utf-8").startswith("# What is read.\n")
    assert contents.said_in(said(course, "01_a")) == Needs(15, 0.9)
    assert "40 min | 15 s | 0.9 GB |" in (course / "README.md").read_text("utf-8")


def test_what_is_out_of_date_is_named_and_fails(course, capsys):
    assert contents.main(["check"], course) == 0
    (course / "README.md").write_text(README, "utf-8")
    assert contents.main(["check"], course) == 1
    assert "README.md is out of date" in capsys.readouterr().out


# --- this course --------------------------------------------------------------------------------


def test_names_links_headers_and_the_readme_follow_from_the_table():
    assert contents.stale() == []


def test_a_notebook_asks_for_earlier_ones_only():
    seen = set()
    for row in contents.read():
        assert set(re.findall(r"{(\w+)}", row.prerequisites)) <= seen, row.file
        seen.add(row.topic)


COUNTS = r"(?: x\b|[,.%]?\d| [a-z]*s\b)"  # what follows a number that counts something
FOUND = re.compile(
    r"(?i)\bnotebooks? \d\d\b|(?<![\w.,/-])0\d(?![\w.,%])"
    rf"|\b(?:as|in|see) (?:1\d|2[0-5])\b(?!{COUNTS})"
)


def bare_numbers(text):
    """Numbers of notebooks outside a link, which no change of order would correct."""
    without = re.sub(r"\[[^\]]*\]\([^)]*\)|^# .*|```.*?```|`[^`]*`", "", text, flags=re.S | re.M)
    return FOUND.findall(without)


def test_prose_names_numbers_of_notebooks_in_links_only():
    for path in (tutorial.ROOT / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "markdown":
                assert bare_numbers("".join(cell["source"])) == [], path.name
    for pattern in contents.PAGES:
        for path in tutorial.ROOT.glob(pattern):
            assert bare_numbers(path.read_text("utf-8")) == [], path.name


def test_code_names_notebooks_by_their_names():
    for folder in ("perceiver_tutorial", "perceiver_course", "tools", "benchmarks", "mutants"):
        for path in (tutorial.ROOT / folder).rglob("*.py"):
            assert not re.search(r"(?i)\bnotebooks? \d\d\b", path.read_text("utf-8")), path


def test_a_bare_number_is_found():
    assert bare_numbers("In 09 it falls, as notebook 13 and [04](04_positions.ipynb) show.") == [
        "09", "notebook 13",
    ]  # fmt: skip
    assert bare_numbers("See 12. In 24 it learns, as 20 told.") == ["See 12", "In 24", "as 20"]
    assert bare_numbers("0.06, 3,025 and 100 of 2,048, in 12 x 12 or in 10 parts of 16") == []


@pytest.mark.parametrize("row", contents.read(), ids=lambda row: row.file)
def test_the_words_of_a_link_are_the_number_and_title_of_what_it_leads_to(row):
    pages = [*tutorial.ROOT.glob("*.md"), *tutorial.ROOT.glob("notebooks/*.ipynb")]
    for page in pages:
        text = page.read_text("utf-8").replace('\\n",\n    "', " ")
        for words in re.findall(rf"\[([^\]]*)\]\([\w./-]*{row.file}\.ipynb", text):
            number, _, title = words.partition(" ")
            if number == row.number:
                assert row.title.startswith(title), f"{page.name}: {words}"


def test_every_header_says_what_its_notebook_needs():
    for path in (tutorial.ROOT / "notebooks").glob("*.ipynb"):
        assert contents.said_in(path.read_text("utf-8")), path.name


def test_a_wrong_header_turns_a_run_of_notebooks_red(tmp_path):
    """The whole way: a notebook is run by nbval, its kernel measured, its header refused."""
    source = tutorial.ROOT / "notebooks"
    (tmp_path / "conftest.py").write_text((source / "conftest.py").read_text("utf-8"), "utf-8")
    notebook = textwrap.dedent("""
        {"cells": [{"cell_type": "code", "execution_count": 1, "id": "a", "metadata": {},
        "outputs": [], "source": ["x = 1  # 5 seconds, 9.0 GB to run"]}],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python",
        "name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}""")
    (tmp_path / "01_a.ipynb").write_text(notebook, "utf-8")
    options = ["--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
    command = [sys.executable, *run_tests.PYTEST, *options, "01_a.ipynb"]
    found = {**os.environ, "PYTHONPATH": str(tutorial.ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "WRONG 01_a: 5 seconds, 0." in done.stdout
    assert "1 passed" in done.stdout


# --- the address --------------------------------------------------------------------------------

SET = """[project]
name = "course"

[project.urls]
Repository = "https://github.com/somebody/course/"
"""


def test_links_to_hosted_notebooks_appear_with_the_address_and_go_with_it(tmp_path):
    rows = contents.read()
    plain = (tutorial.ROOT / "README.md").read_text(encoding="utf-8")
    assert contents.repository(tmp_path) == ""
    (tmp_path / "pyproject.toml").write_text(SET, "utf-8")
    address = contents.repository(tmp_path)
    assert address == "https://github.com/somebody/course"
    told = contents.listed(plain, rows, address)
    assert f"git clone {address}\n" in told
    assert f'[notebooks] @ git+{address}"' in told
    colab = "(https://colab.research.google.com/github/somebody/course/blob/main/notebooks/"
    assert re.findall(re.escape(colab) + r"(\w+)\.ipynb\)", told) == [row.file for row in rows]
    assert contents.linked(told, rows) == told
    assert contents.listed(told, rows) == contents.listed(plain, rows)
    assert "colab" not in contents.listed(told, rows)


def test_an_address_elsewhere_has_no_colab():
    plain = (tutorial.ROOT / "README.md").read_text(encoding="utf-8")
    told = contents.listed(plain, contents.read(), "https://example.org/course")
    assert "git clone https://example.org/course\n" in told
    assert "Colab" not in told
