"""The code is short where it is read: few lines on the way, and every argument has a name."""

import ast
import sys
from pathlib import Path

import pytest
import torch
from tiny import IMAGES, raw_for

from perceiver_tutorial import perceiver

ROOT = Path(__file__).parents[2] / "perceiver_tutorial"


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


def test_no_model_takes_arguments_that_it_does_not_name():
    found = [
        f"{path.name}: {node.name}"
        for family in ("perceiver", "hiera", "deit")
        for path in (ROOT / family).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.args.kwarg or node.args.vararg)
    ]
    assert found == []
