"""What a reader is told: your turn, not yet, or what stopped the code."""

import dis
import linecache
import textwrap
import traceback
from collections.abc import Callable
from typing import Any

from torch import nn


class NotYet(AssertionError):
    """An answer that is not right yet. Notebooks show its hint and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"not yet: {self}"]


def your_turn(task: str) -> str:
    """Ask for an answer, in lines that fit into a notebook."""
    return textwrap.fill(f"your turn: {task}", width=88, subsequent_indent=" " * 11)


def is_unwritten(answer: Any) -> bool:
    """Whether this is a stub: dots, or a function or module whose body is dots or nothing."""
    if answer is ... or answer is None:
        return True
    if isinstance(answer, type) and issubclass(answer, nn.Module):
        return answer.forward is nn.Module.forward or is_unwritten(answer.forward)
    code = getattr(answer, "__code__", None)
    kinds = {step.opname for step in dis.get_instructions(code)} if code else {"?"}
    is_empty = kinds <= {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "NOP"}
    nothing = (None, ..., getattr(answer, "__doc__", None))
    return is_empty and all(value in nothing for value in code.co_consts)


def reply_of(yours: Callable, *inputs: Any) -> Any:
    """Call a reader's function.

    Raises:
        NotYet: with a sentence, if it raises anything, or returns nothing.
    """
    try:
        answer = yours(*inputs)
    except NotYet:
        raise
    except Exception as error:
        raise NotYet(_stopped(error)) from error
    if answer is None:
        raise NotYet("your function returns nothing: is a `return` missing?")
    return answer


def _stopped(error: Exception) -> str:
    """What stopped the code, and the last line of it that a reader wrote."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if _is_readers(each)]
    said = " ".join(str(error).split())
    said = said if len(said) < 200 else f"{said[:200]} ..."
    where = ""
    if frames:
        line = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip()
        where = f" in `{line}`" if line else ""
    return f"your code stops{where}: {type(error).__name__}: {said}"


def _is_readers(frame: traceback.FrameSummary) -> bool:
    """Whether a line stands in a cell, not in a library."""
    name = frame.filename.replace("\\", "/")
    return "site-packages" not in name and "/perceiver_" not in name and "/torch/" not in name
