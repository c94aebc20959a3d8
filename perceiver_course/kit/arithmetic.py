"""Shapes written with letters: read, worked out, and written out with numbers."""

import ast
import operator
import re
from collections.abc import Mapping

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def shape_of(formula: str, symbols: Mapping[str, int]) -> tuple[int, ...]:
    """A shape written with letters, in numbers; brackets around it, and ^ for **, are understood.

    Raises:
        ValueError: if it holds anything but numbers, known letters and + - * / // **.

    >>> shape_of("B, H*W, 3 + 2*(2*K + 1)", {"B": 1, "H": 224, "W": 224, "K": 64})
    (1, 50176, 261)
    """
    return tuple(int(_evaluate(axis, symbols)) for axis in _axes(formula))


def letters_in(formula: str) -> set[str]:
    """The letters that a formula uses."""
    return {node.id for node in _nodes(formula) if isinstance(node, ast.Name)}


def leaves_no_rest(formula: str, symbols: Mapping[str, int]) -> bool:
    """Whether every division in it is exact, so that / and // are the same.

    >>> leaves_no_rest("H//4", {"H": 8}), leaves_no_rest("H//4", {"H": 6})
    (True, False)
    """
    divisions = [node for node in _nodes(formula) if isinstance(node, ast.BinOp)
                 and isinstance(node.op, ast.Div | ast.FloorDiv)]  # fmt: skip
    pairs = [(_evaluate(node.left, symbols), _evaluate(node.right, symbols)) for node in divisions]
    return all(left % right == 0 for left, right in pairs)


def written_out(formula: str, symbols: Mapping[str, int]) -> str:
    """A formula with numbers for its letters; nothing for what is one number anyway.

    >>> written_out("H*W", {"H": 224, "W": 224}), written_out("N", {"N": 512})
    ('224 x 224', '')
    """
    parts = re.findall(r"\w+|//|[-+*()]", formula)
    if len(parts) == 1:
        return ""
    numbers = (f"{symbols.get(part) or int(part):,}" if part.isalnum() else part for part in parts)
    spaced = (f" {part} " if part in ("+", "-", "*", "//") else part for part in numbers)
    return "".join(spaced).replace("*", "x")


def _axes(formula: str) -> list[ast.expr]:
    try:
        axes = ast.parse(f"({formula.replace('^', '**').strip(' ,')},)", mode="eval").body.elts
    except SyntaxError as error:
        raise ValueError(f"expected sizes with commas between them, got {formula!r}.") from error
    is_bracket = len(axes) == 1 and isinstance(axes[0], ast.Tuple | ast.List)
    return axes[0].elts if is_bracket else axes


def _nodes(formula: str) -> list[ast.AST]:
    return [node for axis in _axes(formula) for node in ast.walk(axis)]


def _evaluate(node: ast.expr, symbols: Mapping[str, int]) -> int | float:
    match node:
        case ast.Constant(value=int()):
            return node.value
        case ast.Name(id=name) if name in symbols:
            return symbols[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_evaluate(left, symbols), _evaluate(right, symbols))
    known = f"expected numbers, + - * / and the letters {', '.join(symbols)}"
    if isinstance(node, ast.Name):
        raise ValueError(f"{node.id} is no letter of this question: {known}.")
    raise ValueError(f"{known}, got {ast.unparse(node)!r}.")
