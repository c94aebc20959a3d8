"""Plant a bug in transformers or in the course, and run a claim's own test under it."""

import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
import torch

from tools.errata import tests_of_claims

TESTS = Path(__file__).parents[1]
CACHING = ("perceiver_tutorial", "measured", "theirs", "video")


@contextmanager
def planted(at: str, new: str, old: str = "") -> Iterator[None]:
    """Have another text in a function, or another value in a place, while the block runs.

    Args:
        at: module:function, or module:place, with points between attributes and keys.
        new: the text instead of `old`; for a place, an expression.
        old: a text that stands in the function once; "" for a place.
    """
    module, _, path = at.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in owners:
        owner = _get(owner, part)
    if old:
        owner, name = inspect.unwrap(_get(owner, name)), "__code__"
    before = _get(owner, name)
    _put(owner, name, edited(owner, old, new) if old else eval(new, {"torch": torch}))
    try:
        yield
    finally:
        _put(owner, name, before)


def _get(owner: Any, name: str) -> Any:
    if isinstance(owner, dict):
        return owner[name]
    return getattr(inspect.unwrap(owner) if isinstance(owner, FunctionType) else owner, name)


def _put(owner: Any, name: str, value: Any) -> None:
    """Set it, in a frozen configuration as well, and forget what was computed without it."""
    if isinstance(owner, dict):
        owner[name] = value
    elif hasattr(owner, "__dataclass_fields__") and not isinstance(owner, type):
        object.__setattr__(owner, name, value)
    else:
        setattr(owner, name, value)
    for place, module in list(sys.modules.items()):
        if place.startswith(CACHING):
            for one in list(vars(module).values()):
                getattr(one, "cache_clear", lambda: None)()


def edited(function: FunctionType, old: str, new: str) -> CodeType:
    """The code of a function in which a text is another."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} {source.count(old)} times in {function.__qualname__}"
    definition = ast.parse(source.replace(old, new)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list, definition.returns = [], None
    for argument in ast.walk(definition.args):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    outside = function.__code__.co_freevars  # of methods, the class that super() needs
    tree = ast.parse(f"def around({', '.join(outside)}):\n    pass")
    tree.body[0].body = [definition]
    outer = compile(ast.fix_missing_locations(tree), "planted", "exec").co_consts[0]
    [code] = [one for one in outer.co_consts if isinstance(one, CodeType)]
    return code


def without_asserts(file: Path) -> ModuleType:
    """A fresh copy of a test file that refuses nothing itself, so that its claims have to."""
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec", optimize=1), vars(module))
    return module


def run_check(claim_id: str, request: pytest.FixtureRequest) -> None:
    """Run the test of a claim, with fixtures of its own and without its other checks."""
    file, name = tests_of_claims()[claim_id]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "video", without_asserts(TESTS / "support" / "video.py"))
        module, made = without_asserts(file), {}

        def make(fixture: str) -> Any:
            if fixture not in made:
                own = getattr(module, fixture, None)
                made[fixture] = call(own) if own else request.getfixturevalue(fixture)
            return made[fixture]

        def call(function: Any) -> Any:
            function = inspect.unwrap(function)
            return function(*map(make, inspect.signature(function).parameters))

        torch.manual_seed(0)
        marks = str(getattr(module, "pytestmark", ""))
        with torch.set_grad_enabled("no_gradients" not in marks):
            call(getattr(module, name))
