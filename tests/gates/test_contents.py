"""What notebooks need is measured, written by a script, and refused where a header is wrong."""

import os
import subprocess
import sys
import textwrap

import pytest

import tutorial
from tools import needs
from tools.needs import Needs

USUAL = {f"{n:02d}": Needs(10.0 * n, 1.0) for n in range(1, 8)}


def spoilt(**changes):
    """What was said, with some of it wrong."""
    return {**USUAL, **{name.removeprefix("n"): value for name, value in changes.items()}}


def test_a_machine_half_as_fast_finds_nothing_wrong():
    slower = {name: Needs(2.5 * each.seconds, 1.1) for name, each in USUAL.items()}
    assert needs.complaints(slower, USUAL) == []


@pytest.mark.parametrize("said, complaint", [
    (spoilt(n03=Needs(12, 1.0)), "03: 30 seconds, 1.0 GB to run, the header says 15 seconds"),
    (spoilt(n03=Needs(70, 1.0)), "03: 30 seconds, 1.0 GB to run, the header says 70 seconds"),
    (spoilt(n05=Needs(50, 0.4)), "05: 50 seconds, 1.0 GB to run, the header says 50 seconds"),
    (spoilt(n05=Needs(50, 2.1)), "05: 50 seconds, 1.0 GB to run, the header says 50 seconds"),
    (spoilt(n07=None), "07: the header says nothing"),
])  # fmt: skip
def test_a_header_that_is_wrong_by_more_than_two_is_named(said, complaint):
    [found] = needs.complaints(USUAL, said)
    assert found.startswith(complaint)


def test_the_seconds_of_few_notebooks_cannot_be_judged():
    few = {"01": Needs(100, 1.0), "02": Needs(1, 1.0)}
    assert needs.complaints(few, {"01": Needs(10, 1.0), "02": Needs(10, 1.0)}) == []


def test_a_process_is_measured():
    code = "x = bytearray(300_000_000); [i for i in range(10**7)]; print(1, flush=True); input()"
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    used = needs.used_by(process.pid)
    process.communicate(b"\n")
    assert 0.1 < used.seconds < 30
    assert 0.3 < used.gigabytes < 1.5


def test_what_was_measured_is_written_and_read_again(tmp_path):
    (tmp_path / "notebooks").mkdir()
    notebook = tmp_path / "notebooks/01_a.ipynb"
    notebook.write_text("**Time** · 40 minutes to read, 50 seconds to run, no network", "utf-8")
    table = "| [01 A](notebooks/01_a.ipynb) | what | 40 min | 50 s | 2.0 GB |\n| x | y |\n"
    (tmp_path / "README.md").write_text(table, "utf-8")
    needs.keep({"01_a": Needs(11.2, 0.94)}, tmp_path)
    needs.keep({}, tmp_path)
    for _ in range(2):
        assert needs.main(tmp_path) == 0
    assert "read, 15 seconds, 0.9 GB to run" in notebook.read_text("utf-8")
    assert needs.said_in(notebook.read_text("utf-8")) == Needs(15, 0.9)
    wanted = table.replace("50 s | 2.0 GB", "15 s | 0.9 GB")
    assert (tmp_path / "README.md").read_text("utf-8") == wanted


def test_nothing_measured_is_said(tmp_path, capsys):
    assert needs.main(tmp_path) == 1
    assert "python tutorial.py test notebooks" in capsys.readouterr().out


def test_every_header_says_what_its_notebook_needs():
    for path in (tutorial.ROOT / "notebooks").glob("*.ipynb"):
        assert needs.said_in(path.read_text("utf-8")), path.name


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
    command = [sys.executable, *tutorial.PYTEST, *options, "01_a.ipynb"]
    found = {**os.environ, "PYTHONPATH": str(tutorial.ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=found, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "WRONG 01_a: 5 seconds, 0." in done.stdout
    assert "1 passed" in done.stdout
