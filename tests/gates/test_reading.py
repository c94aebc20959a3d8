"""The code is short where it is read: few lines on the way, and every argument has a name."""

import ast
import re
import sys
from pathlib import Path

import pytest
import torch
from tiny import CONFIGS, raw_for
from torch import nn

from perceiver_tutorial import deit, hiera, perceiver

ROOT = Path(__file__).parents[2] / "perceiver_tutorial"
README = (ROOT.parent / "README.md").read_text(encoding="utf-8")
AT_MOST = {  # lines; Meta's own Hiera has 72
    "fourier images": 60,
    "learned images": 60,
    "conv images": 60,
    "masked language": 60,
    "text classes": 60,
    "optical flow": 60,
    "multimodal": 110,
    "Hiera": 75,
    "DeiT": 45,
}
HIERA = hiera.HieraConfig(8, 1, (1, 2, 2, 1), input_size=(64, 96), num_classes=7)
DEIT = deit.DeiTConfig(12, 3, 2, image_size=(16, 24), patch_size=4, num_classes=7)


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


def model_and_input(kind: str) -> tuple[nn.Module, object]:
    """A small model of a published kind, and raw input for it."""
    if kind == "Hiera":
        return hiera.build(HIERA), torch.randn(2, 3, 64, 96)
    if kind == "DeiT":
        return deit.build(DEIT), torch.randn(2, 3, 16, 24)
    return perceiver.build(CONFIGS[kind]), raw_for(CONFIGS[kind])


@pytest.mark.usefixtures("without_shape_checks", "no_gradients")
@pytest.mark.parametrize("kind", AT_MOST)
def test_one_forward_pass_visits_few_lines(kind):
    model, raw = model_and_input(kind)
    visited = lines_visited(lambda: model.eval()(raw))
    assert 20 < len(visited) <= AT_MOST[kind], f"{len(visited)} lines: {listed(visited)}"


def listed(visited: set[tuple[str, int]]) -> str:
    """The lines of every file, for whoever wants to shorten the way."""
    files = {file for file, _ in visited}
    return "; ".join(
        f"{Path(file).relative_to(ROOT)} {sorted(n for f, n in visited if f == file)}"
        for file in sorted(files)
    )


def files_to_read() -> list[str]:
    """What the README says a reader should read, within the package."""
    told = README.split("**What a reader should read**")[1].split("\n## ")[0]
    return re.findall(r"\(perceiver_tutorial/([\w/]+\.py)\)", told)


@pytest.mark.usefixtures("no_gradients")
@pytest.mark.parametrize("kind", ["fourier images", "Hiera", "DeiT"])
def test_whoever_reads_what_the_readme_names_has_read_a_whole_forward_pass(kind):
    model, raw = model_and_input(kind)
    visited = lines_visited(lambda: model.eval()(raw))
    files = {Path(file).relative_to(ROOT).as_posix() for file, _ in visited}
    assert files <= set(files_to_read())


def test_what_a_reader_should_read_is_short():
    files = files_to_read()
    lines = sum(len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in files)
    assert len(set(files)) == len(files) <= 26
    assert lines <= 3_500
    assert f"about {round(lines, -2):,} lines in {len(files)} files" in README


def test_the_map_of_the_readme_is_short():
    told = README.split("## The code")[1].split("**What a reader should read**")[0]
    rows = re.findall(r"^\| (`.*?) \|", told, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([\w./]+)`", row)]
    assert 5 < len(rows) <= 12
    assert all((ROOT.parent / name).exists() for name in named)


def test_no_model_takes_arguments_that_it_does_not_name():
    found = [
        f"{path.name}: {node.name}"
        for family in ("perceiver", "hiera", "deit")
        for path in (ROOT / family).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.args.kwarg or node.args.vararg)
    ]
    assert found == []
