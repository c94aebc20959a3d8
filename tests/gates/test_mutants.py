"""Planted bugs still fit, the page tells what was found, and finding them works on a toy course."""

import itertools
import json
from contextlib import nullcontext
from dataclasses import replace

import pytest

from mutants import __main__ as mutants
from mutants import planting, report, table
from mutants.table import PACKAGE, ROOT, Mutant, chosen, path_in, read_tables

EVERY = [mutant for some in read_tables().values() for mutant in some]
NAMES = [mutant.id for mutant in EVERY]
each = pytest.mark.parametrize("mutant", EVERY, ids=NAMES)

TOY = Mutant("minus", "a sum is a difference", "sums.py", "a + b", "a - b", "floor/sums sums.py")
HANG = replace(TOY, id="hang", old="return", new="while True: pass\n    return")
UNSEEN = replace(TOY, id="unseen", new="b + a", survives="a sum has no order")
SUMS = 'def add(a, b):\n    """Add.\n\n    >>> add(0, 0)\n    0\n    """\n    return a + b\n'
TESTS = f"from {PACKAGE}.sums import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"


# --- the tables ---------------------------------------------------------------------------------


@each
def test_every_bug_fits_its_file_exactly_once_and_the_file_still_compiles(mutant):
    source = (ROOT / path_in(mutant.file)).read_text(encoding="utf-8")
    with_bug = mutant.planted_in(source)
    assert with_bug != source
    compile(with_bug, mutant.file, "exec")


@each
def test_whatever_should_notice_is_there(mutant):
    assert mutant.targets()
    for target in mutant.targets():
        path, _, name = target.partition("[")[0].partition("::")
        assert (ROOT / path).is_file(), path
        assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), target


def test_there_are_enough_bugs_in_all_rooms_under_names_of_their_own():
    assert len(EVERY) >= 40
    assert len(set(NAMES)) == len(EVERY)
    rooms = {mutant.file.partition("/")[0].removesuffix(".py") for mutant in EVERY}
    assert {"attention", "positions", "masks", "hooks", "perceiver", "hiera", "deit"} <= rooms
    assert {"apps", "checkpoints", "perceiver_course", "speed", "tracing"} <= rooms


def test_a_patch_that_no_longer_fits_is_named():
    with pytest.raises(ValueError, match=r"minus: expected its old text exactly once .* it 0 "):
        TOY.planted_in("a * b")
    with pytest.raises(ValueError, match="found it 2 times"):
        TOY.planted_in("a + b, a + b")


def test_bugs_are_chosen_by_table_or_part_of_a_name():
    assert [mutant.id for mutant in chosen([])] == NAMES
    assert chosen(["floor"]) == read_tables()["floor"]
    assert [mutant.id for mutant in chosen(["softmax-ax"])] == ["softmax-axis"]
    with pytest.raises(ValueError, match="no mutant is called 'sofmax'"):
        chosen(["sofmax"])


def test_results_of_another_patch_are_out_of_date():
    found = {TOY.id: report.entry(TOY, {"unit": ""}, 1.0)}
    assert report.out_of_date([TOY], found) == []
    assert report.out_of_date([replace(TOY, new="a * b"), UNSEEN], found) == ["minus", "unseen"]


# --- what was found -----------------------------------------------------------------------------


def test_enough_bugs_were_noticed_and_the_page_says_so():
    found = report.read()
    again = "Try them again: python tutorial.py mutants"
    assert report.out_of_date(EVERY, found) == [], again
    assert report.verdict(EVERY, found) == 0
    assert report.PAGE.read_text(encoding="utf-8") == report.page(read_tables(), found), again


def test_every_kind_of_test_noticed_something():
    found = report.read().values()
    noticed = {level for one in found for level, red in one["seen"].items() if red}
    assert noticed == set(planting.LEVELS)


def entries(**seen: dict) -> report.Results:
    return {name: {"patch": "", "seconds": 1, "seen": levels} for name, levels in seen.items()}


def test_a_survivor_needs_an_explanation_and_company():
    others = [replace(TOY, id=f"m{number}") for number in range(19)]
    killed = {mutant.id: {"unit": "test_x"} for mutant in others}
    found = entries(**killed, minus={"unit": ""}, unseen={"unit": ""})
    assert report.verdict(others, found) == 0
    assert report.verdict([*others, UNSEEN], found) == 0  # 95 %
    assert report.verdict([*others, TOY], found) == 1  # nobody knows why
    assert report.verdict([*others[1:], UNSEEN], found) == 1  # too few
    assert report.summary([*others, UNSEEN], found) == (
        "19 of 20 killed (95 %)\nunseen survives: a sum has no order"
    )


def test_the_matrix_has_a_line_for_each_bug_and_a_column_for_each_kind():
    found = entries(minus={"unit": "test_x", "golden": ""}, unseen={"claim": planting.TIMED_OUT})
    assert report.matrix([TOY, UNSEEN], found).splitlines() == [
        "       docstring unit exercise claim parity golden notebook",
        "minus            red                        -",
        "unseen                         time-out",
    ]


def test_the_kind_of_a_test_is_told_by_its_file():
    kinds = {
        "tests/floor/test_attention.py::test_x": "unit",
        "tests/course/exercises/test_checkpoints.py": "exercise",
        "tests/claims/test_flow.py": "claim",
        "tests/parity/test_deit.py": "parity",
        "tests/parity/golden/test_meta.py": "golden",
        f"{PACKAGE}/positions.py": "docstring",
        "notebooks/02_attention.ipynb": "notebook",
    }
    assert {target: planting.level_of(target) for target in kinds} == kinds


def test_bugs_of_the_time_before_are_bugs_of_today():
    before = json.loads(report.BEFORE.read_text(encoding="utf-8"))
    assert list(before) == [m.id for m in read_tables()["kinds"] if m.id in before]
    assert sum(not red for red in before.values()) > len(before) / 3  # or the kinds had tests


# --- planting, on a toy course ------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one function, with no heavy import."""
    monkeypatch.setattr(planting, "WARM", [])
    monkeypatch.setattr(planting, "OPTIONS", [*planting.OPTIONS, "-p", "no:jaxtyping"])
    for file, text in {
        f"{PACKAGE}/__init__.py": "",
        f"{PACKAGE}/sums.py": SUMS,
        "tests/floor/test_sums.py": TESTS,
        "tests/nbval_sanitize.cfg": "",
        ".git/config": "",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_bug_is_noticed_in_a_copy_that_leaves_nothing_behind(course):
    before = {path: path.stat().st_mtime_ns for path in course.rglob("*")}
    with planting.copied(course) as copy:
        assert not (copy / ".git").exists()
        targets = TOY.targets()
        assert planting.run(copy, targets, compiled=True) == {"docstring": "", "unit": ""}
        for _ in range(2):  # no compiled bug is taken for the right file, nor the other way round
            with planting.planted(TOY, copy):
                seen = planting.run(copy, targets)
            assert seen == {"docstring": "", "unit": "floor/test_sums::test_add"}
            assert planting.run(copy, targets) == {"docstring": "", "unit": ""}
    assert not copy.exists()
    assert {path: path.stat().st_mtime_ns for path in course.rglob("*")} == before


def test_a_bug_that_hangs_is_stopped_and_noticed(course):
    with planting.copied(course) as copy, planting.planted(HANG, copy):
        assert planting.run(copy, HANG.targets(), seconds=8) == {
            "unit": planting.TIMED_OUT,
            "docstring": planting.TIMED_OUT,
        }


def test_a_test_that_is_not_there_is_no_kill(course):
    with planting.copied(course) as copy, pytest.raises(RuntimeError, match="pytest failed"):
        planting.run(copy, ["tests/floor/test_sums.py::test_subtract"])


def test_a_bug_is_taken_out_again_even_after_an_error(course):
    with pytest.raises(KeyboardInterrupt), planting.planted(TOY, course):
        assert "a - b" in (course / PACKAGE / "sums.py").read_text(encoding="utf-8")
        raise KeyboardInterrupt
    assert (course / PACKAGE / "sums.py").read_text(encoding="utf-8") == SUMS


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def command(monkeypatch, tmp_path):
    """The command with two bugs, tests that are not run, and files of its own."""
    monkeypatch.setattr(report, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "README.md")
    tables = {"floor": [TOY, UNSEEN]}
    for module in (table, mutants, report):
        monkeypatch.setattr(module, "read_tables", lambda: tables)
    monkeypatch.setattr(report, "BEFORE", tmp_path / "before.json")
    report.BEFORE.write_text('{"minus": "", "unseen": ""}', encoding="utf-8")
    monkeypatch.setattr(mutants, "copied", lambda: nullcontext({}))
    monkeypatch.setattr(mutants, "planted", lambda mutant, copy: nullcontext(copy.update(m=mutant)))
    monkeypatch.setattr(mutants, "run", seen_in)
    return tmp_path


def seen_in(copy, *_, compiled=False, **__):
    """What the tests make of a toy copy."""
    return {"unit": "floor/test_sums::test_add" if not compiled and copy["m"] == TOY else ""}


def test_all_bugs_are_tried_and_told(command, capsys):
    assert mutants.main([]) == 1  # one of two is too few
    said = capsys.readouterr().out
    assert "1 minus: unit" in said
    assert "2 unseen: NOBODY NOTICED" in said
    assert said.endswith("1 of 2 killed (50 %)\nunseen survives: a sum has no order\n")
    found = json.loads((command / "results.json").read_text(encoding="utf-8"))
    assert [*found] == ["minus", "unseen"]
    page = (command / "README.md").read_text(encoding="utf-8")
    assert "| a sum is a difference (minus) |  | red |  |  |  |  |  | `floor/test_sums::" in page
    assert "New bugs: 2, of which 2 survived before, 1 after." in page


def test_a_fast_run_is_not_kept(command):
    assert mutants.main(["minus", "--fast"]) == 0
    assert [path.name for path in command.iterdir()] == ["before.json"]


def test_every_target_is_looked_at_once_without_a_bug_in_one_of_the_copies():
    other = replace(TOY, tests="sums.py floor/boxes floor/lines floor/sums")
    for count in (1, 2, 3, 9):
        divided = mutants.shares([TOY, other], count)
        assert len(divided) == count
        assert sorted(itertools.chain(*divided)) == sorted({*TOY.targets(), *other.targets()})


@pytest.mark.usefixtures("command")
def test_tests_that_are_red_without_a_bug_say_nothing(monkeypatch, capsys):
    monkeypatch.setattr(mutants, "run", lambda *_, **__: {"unit": "floor/test_sums::test_add"})
    assert mutants.main([]) == 1
    assert "red without any bug: floor/test_sums::test_add" in capsys.readouterr().err


@pytest.mark.usefixtures("command")
def test_the_page_waits_for_what_was_not_tried(capsys):
    assert mutants.main(["--report"]) == 1
    assert "The page waits for: minus, unseen." in capsys.readouterr().err


def test_a_misspelt_name_is_one_sentence(capsys):
    assert mutants.main(["sofmax"]) == 1
    assert "no mutant is called 'sofmax'" in capsys.readouterr().err


@pytest.mark.usefixtures("command")
def test_ctrl_c_keeps_what_was_found(monkeypatch, capsys):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(mutants, "run", stopped)
    assert mutants.main([]) == 130
    assert "What was found is kept." in capsys.readouterr().err
