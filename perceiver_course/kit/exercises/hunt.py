"""Hunt a bug that every shape check lets pass."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .replies import NotYet, is_unwritten, reply_of, your_turn

TRIES = 2


@dataclass(frozen=True)
class BugHunt:
    """A function with a bug that every shape check lets pass: find what gives it away.

    Attributes:
        task: what the right function promises.
        right: the right function.
        inputs: makes arguments that such a function takes.
        bugs: functions of the same shapes that break the promise; or what each does wrong -> it.
        reference: a check that tells them apart.
    """

    task: str
    inputs: Callable[[], tuple]
    right: Callable
    bugs: tuple[Callable, ...] | Mapping[str, Callable]
    reference: Callable[[Callable], bool]
    _tries: list[int] = field(default_factory=list, repr=False, compare=False)

    def check(self, yours: Any) -> None:
        """Say whether your check accepts the right function and no other.

        Args:
            yours: takes a function, returns whether it keeps its promise.

        Raises:
            NotYet: if it refuses the right one, or lets a wrong one pass; after two tries with
                the code of one that passed.
        """
        verdict = ... if is_unwritten(yours) else reply_of(yours, self.right)
        if verdict is ...:
            print(your_turn(self.task))
            return
        if not reply_of(bool, verdict):
            raise NotYet("your check refuses the right function, too.")
        missed = [number for number, bug in enumerate(self.functions()) if _passes(yours, bug)]
        if not missed:
            print("right")
            return
        self._tries.append(len(missed))
        count = len(self.functions())
        said = f"your check lets {len(missed)} of {count} wrong functions pass."
        if len(self._tries) >= TRIES:
            said += f" One of them{self._shown(missed[0])}"
        raise NotYet(said)

    def functions(self) -> tuple[Callable, ...]:
        """The wrong functions."""
        return tuple(self.bugs.values() if isinstance(self.bugs, Mapping) else self.bugs)

    def _shown(self, number: int) -> str:
        named = f": {[*self.bugs][number]}" if isinstance(self.bugs, Mapping) else ":"
        return f"{named}\n{textwrap.indent(code_of(self.functions()[number]), '    ')}"


def _passes(check: Callable, bug: Callable) -> bool:
    """An exception inside a check refuses a function, too."""
    try:
        return bool(check(bug))
    except Exception:
        return False


def code_of(function: Callable) -> str:
    """The source of a function; of a lambda no more than the lambda itself."""
    source = textwrap.dedent(inspect.getsource(function)).strip()
    if function.__name__ != "<lambda>":
        return source
    whole = ast.parse(inspect.getsource(inspect.getmodule(function)))
    for node in ast.walk(whole):
        is_it = isinstance(node, ast.Lambda) and node.lineno == function.__code__.co_firstlineno
        if is_it and _compiled(node).co_code == function.__code__.co_code:
            return ast.unparse(node)
    return source


def _compiled(node: ast.Lambda):
    expression = ast.Expression(node)
    return compile(expression, "", "eval").co_consts[0]
