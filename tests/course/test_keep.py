"""Cells become the reader's own file, which can be imported and is never lost."""

import importlib.util
import linecache

import pytest
import torch
from torch import nn

from perceiver_course import keep
from perceiver_course.kit.keep import FOLDER

ATTENTION = """
import math
import torch.nn.functional as F
from einops import rearrange
from torch import nn


def scores(q, k):
    return q @ k.mT / math.sqrt(q.shape[-1])  # [B, N, M]


class Attention(nn.Module):
    def __init__(self, channels: int = 4):
        super().__init__()
        self.linear = nn.Linear(channels, channels)

    def forward(self, x):
        x = rearrange(self.linear(x), "b n c -> b n c")
        return F.softmax(scores(x, x), dim=-1) @ x
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


def cell(source: str, space: dict | None = None) -> dict:
    """Run a cell as a notebook does: its source can be found by the name of its file."""
    space = {"__name__": "__main__"} if space is None else space
    name = f"<cell {hash(source)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), space)
    return space


@pytest.fixture
def attention(monkeypatch):
    """The names of a notebook after its first cell; `__main__` holds them, as there."""
    import __main__

    space = cell(ATTENTION)
    for name, value in space.items():
        if not name.startswith("__"):
            monkeypatch.setattr(__main__, name, value, raising=False)
    return space


def read(folder):
    """The reader's file, imported."""
    spec = importlib.util.spec_from_file_location("my_model", folder / "my_model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_kept_can_be_imported_and_does_the_same(attention, folder, capsys):
    keep(attention["scores"], attention["Attention"])
    told = "my_model.py: scores, 2 lines\nmy_model.py: Attention, 8 lines\n"
    assert capsys.readouterr().out == told
    theirs = attention["Attention"]()
    ours = read(folder).Attention()
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 4)
    assert torch.equal(ours(x), theirs(x))
    assert "# [B, N, M]" in (folder / "my_model.py").read_text()


def test_imports_stand_at_the_top_once(attention, folder):
    keep(attention["scores"])
    keep(attention["Attention"])
    head = (folder / "my_model.py").read_text().partition("# ----")[0]
    lines = [line for line in head.splitlines()[2:] if line]
    assert sorted(lines) == sorted(ATTENTION.strip().splitlines()[:4])


def test_what_a_definition_uses_is_kept_first(attention, folder):
    with pytest.raises(ValueError, match=r"Attention uses scores, which is not kept yet: keep\("):
        keep(attention["Attention"])
    assert not (folder / "my_model.py").exists()


def test_what_was_imported_from_the_package_is_imported_or_ones_own(folder, monkeypatch):
    import __main__

    space = cell(
        "from perceiver_tutorial.attention import MLP\n\n\ndef wide(c):\n    return MLP(c)\n"
    )
    monkeypatch.setattr(__main__, "MLP", space["MLP"], raising=False)
    keep(space["wide"])
    assert "from perceiver_tutorial.attention import MLP\n" in (folder / "my_model.py").read_text()


def test_a_cell_that_is_run_again_replaces_its_definition(attention, folder):
    keep(attention["scores"], attention["Attention"])
    changed = cell("import math\n\n\ndef scores(q, k):\n    return q @ k.mT\n")
    keep(changed["scores"])
    text = (folder / "my_model.py").read_text()
    assert text.count("def scores") == 1 and "math.sqrt" not in text
    assert text.index("def scores") < text.index("class Attention")


def test_what_was_changed_by_hand_is_not_overwritten_unasked(attention, folder):
    keep(attention["scores"])
    file = folder / "my_model.py"
    mine = file.read_text().replace("math.sqrt(", "(")
    file.write_text(mine)
    with pytest.raises(
        ValueError, match=r"changed by hand. To replace it: keep\(scores, replace=T"
    ):
        keep(attention["scores"])
    assert file.read_text() == mine
    keep(attention["scores"], replace=True)
    assert "math.sqrt" in file.read_text()


def test_imports_and_blocks_of_ones_own_stay(attention, folder):
    keep(attention["scores"])
    file = folder / "my_model.py"
    file.write_text("import json\n" + file.read_text() + "\n\nMINE = json.dumps(1)\n")
    keep(attention["Attention"])
    assert read(folder).MINE == "1"


def test_a_file_that_is_no_python_any_more_is_named_and_left(attention, folder):
    file = folder / "my_model.py"
    file.write_text("def (\n")
    with pytest.raises(ValueError, match=r"expected Python in my_model.py, but line 1 is none"):
        keep(attention["scores"])
    assert file.read_text() == "def (\n"


@pytest.mark.parametrize(
    "thing",
    [3, len, torch.ones(1), nn.Linear],
    ids=["int", "builtin", "tensor", "class of a library"],
)
def test_only_definitions_are_kept(thing):
    with pytest.raises(TypeError, match="expected functions and classes that you defined, got"):
        keep(thing)
