"""The code is short where it is read: few lines on the way, no long functions, no dead ones."""

import ast
import sys
from pathlib import Path

import pytest
import torch
from tiny import IMAGES, raw_for

from perceiver_tutorial import perceiver

ROOT = Path(__file__).parents[2] / "perceiver_tutorial"
FILES = sorted(ROOT.rglob("*.py"))


def lines_visited(action) -> set[tuple[str, int]]:
    """Distinct source lines of the package that run during an action."""
    visited = set()

    def trace(frame, event, _value):
        if not frame.f_code.co_filename.startswith(str(ROOT)):
            return None
        if event == "line":
            visited.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return visited


@pytest.mark.usefixtures("without_shape_checks")
def test_one_forward_pass_of_a_classifier_visits_at_most_60_lines():
    model, raw = perceiver.build(IMAGES).eval(), raw_for(IMAGES)
    with torch.no_grad():
        visited = lines_visited(lambda: model(raw))
    assert 20 < len(visited) <= 60, f"{len(visited)} lines"


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def length(function: ast.FunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_function_is_longer_than_30_lines(path):
    long = {f.name: length(f) for f in functions(path) if length(f) > 30}
    assert not long


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_begins_with_a_sentence_that_says_what_it_is(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring and docstring.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "perceiver").rglob("*.py")), ids=lambda path: path.stem
)
def test_no_model_takes_arguments_that_it_does_not_name(path):
    assert [f.name for f in functions(path) if f.args.kwarg or f.args.vararg] == []
