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
    """A shape written with letters, in numbers.

    Raises:
        ValueError: if it holds anything but numbers, known letters and + - * / // **.

    >>> shape_of("B, H*W, 3 + 2*(2*K + 1)", {"B": 1, "H": 224, "W": 224, "K": 64})
    (1, 50176, 261)
    """
    tree = ast.parse(f"({formula},)", mode="eval").body
    return tuple(int(_evaluate(axis, symbols)) for axis in tree.elts)


def letters_in(formula: str) -> set[str]:
    """The letters that a formula uses."""
    return {node.id for node in ast.walk(ast.parse(f"({formula},)")) if isinstance(node, ast.Name)}


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


def _evaluate(node: ast.expr, symbols: Mapping[str, int]) -> int | float:
    match node:
        case ast.Constant(value=int()):
            return node.value
        case ast.Name(id=name) if name in symbols:
            return symbols[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](_evaluate(left, symbols), _evaluate(right, symbols))
    known = ", ".join(symbols)
    raise ValueError(
        f"expected numbers, + - * / and the letters {known}, got {ast.unparse(node)!r}."
    )
