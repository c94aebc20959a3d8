"""Shape comments that are asserted: `y = f(x)  # [B, N, D]` is compared with the real shape."""

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Callable, Iterator
from math import prod
from types import FunctionType
from typing import Any

from torch import Tensor, nn

CHECK = "__check_shapes__"


def check_comments(function: Callable | nn.Module, *args: Any, **sizes: int) -> Any:
    """Call a function or a module, and assert every shape comment in its body.

    A comment ends an assignment or a return, as in `q, k = f(x) # [B, N, C], [B, M, C]`. A
    letter gets its size where it first occurs; later it must agree. A space multiplies, a plus
    adds, dots stand for any axes in front: `[B, H W, 3 + P]`, `[..., N, M]`.

    Args:
        function: a function, or a module, whose `forward` is looked at.
        args: what it is called with.
        sizes: letters whose size is known beforehand.

    Returns:
        What the function returned.

    Raises:
        AssertionError: if a comment says something else than the tensor.
        ValueError: if there is no shape comment that was reached.
    """
    is_module = isinstance(function, nn.Module)
    body = inspect.unwrap(type(function).forward if is_module else function)
    checked: list[str] = []

    def check(value: Any, line: int, comments: list[str]) -> Any:
        tensors = [value] if len(comments) == 1 and isinstance(value, Tensor) else [*value]
        for tensor, comment in zip(tensors, comments, strict=False):
            _compare(tuple(tensor.shape), comment, sizes, line)
            checked.append(comment)
        return value

    instrumented = _instrumented(body, check)
    result = instrumented(function, *args) if is_module else instrumented(*args)
    if not checked:
        raise ValueError(
            f"expected shape comments such as `# [B, N, D]` at the ends of lines of "
            f"{body.__qualname__}, found none."
        )
    letters = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    print(f"{len(checked)} shape comments hold: {letters}")
    return result


def _instrumented(body: FunctionType, check: Callable) -> Callable:
    """The function again, each commented value passed through `check`."""
    lines, first = inspect.getsourcelines(body)
    source = textwrap.dedent("".join(lines))
    tree = ast.parse(source)
    (definition,) = tree.body
    definition.decorator_list = []
    comments = dict(_comments(source))
    for node in ast.walk(definition):
        if isinstance(node, ast.Assign | ast.Return) and node.end_lineno in comments:
            where = ast.Constant(first + node.lineno - 1)
            said = ast.List([*map(ast.Constant, comments[node.end_lineno])], ast.Load())
            node.value = ast.Call(ast.Name(CHECK, ast.Load()), [node.value, where, said], [])
    closed = body.__code__.co_freevars
    if closed:  # such as the __class__ that super() needs
        (around,) = ast.parse(f"def _around({', '.join(closed)}): return {definition.name}").body
        around.body.insert(0, definition)
        tree.body = [around]
    space = {**body.__globals__, CHECK: check}
    exec(compile(ast.fix_missing_locations(tree), body.__code__.co_filename, "exec"), space)
    if closed:
        return space["_around"](*(cell.cell_contents for cell in body.__closure__))
    return space[definition.name]


def _comments(source: str) -> Iterator[tuple[int, list[str]]]:
    """Line -> the shapes in its comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_comment = token.type == tokenize.COMMENT
        if is_comment and (found := re.findall(r"\[([^\[\]]*)\]", token.string)):
            yield token.start[0], found


def _compare(shape: tuple[int, ...], comment: str, sizes: dict[str, int], line: int) -> None:
    axes = [axis.strip() for axis in comment.split(",")]
    real = shape
    if axes[0] == "...":
        axes, real = axes[1:], shape[len(shape) - len(axes) + 1 :]
    if len(axes) != len(real):
        raise AssertionError(
            f"line {line}: [{comment}] has {len(axes)} axes, the tensor has {len(shape)}: {shape}."
        )
    for axis, size in zip(axes, real, strict=True):
        terms = [term.split() for term in axis.split("+")]
        unknown = {name for term in terms for name in term if not name.isdigit()} - sizes.keys()
        if len(unknown) == 1:
            _learn(*unknown, terms, size, sizes)
        elif unknown:
            raise AssertionError(
                f"line {line}: [{comment}] has several new letters in one axis: {axis}. Say one of "
                f"them beforehand: check_comments(..., {min(unknown)}=...)."
            )
        if sum(_value(term, sizes) for term in terms) != size:
            known = ", ".join(f"{name} = {value}" for name, value in sizes.items())
            raise AssertionError(
                f"line {line}: [{comment}] says {axis}, the tensor has {size} there: {shape}. So "
                f"far {known}."
            )


def _learn(name: str, terms: list[list[str]], size: int, sizes: dict[str, int]) -> None:
    (mine,) = (term for term in terms if name in term)
    rest = size - sum(_value(term, sizes) for term in terms if term is not mine)
    sizes[name] = rest // max(1, _value([each for each in mine if each != name], sizes))


def _value(term: list[str], sizes: dict[str, int]) -> int:
    return prod(int(name) if name.isdigit() else sizes[name] for name in term)
