"""Texts that Python itself brings along."""

import ast
import re
import sysconfig
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import chain, cycle, islice, zip_longest
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from ..doors import checked

KINDS = ("code", "prose")
LEARNED_FROM = """
_pyio argparse ast base64 bdb bz2 cmd code codecs configparser contextlib dataclasses difflib
dis doctest enum fileinput fractions ftplib functools gzip heapq imaplib inspect ipaddress
locale lzma mailbox numbers optparse os pdb pickle pickletools pkgutil platform poplib pydoc
queue selectors shutil smtplib socket socketserver ssl subprocess tarfile threading timeit
traceback typing uuid
"""
HELD_BACK = """
cProfile copy csv graphlib mimetypes random shelve site statistics tempfile textwrap tokenize
wave
"""
LENGTHS = (126, 80, 48)


class Passages(NamedTuple):
    """Pieces of up to 126 characters on one line, and what they are: 0 is code, 1 is prose."""

    train_texts: list[str]
    train_labels: Int[Tensor, " train"]
    test_texts: list[str]
    test_labels: Int[Tensor, " test"]


@cache
def code_or_prose() -> Passages:
    """Code and prose from Python's standard library, as much of one as of the other.

    Prose are the whole sentences of docstrings; code is what remains without docstrings
    and comments. Line breaks and indentation, which would give it away, become one space.
    What is held back for testing comes from other modules. Another version of Python has
    slightly other texts, but as many of them.
    """
    texts, labels = [], []
    for modules, count in ((LEARNED_FROM, 2400), (HELD_BACK, 300)):
        code, prose = zip(*map(_split, modules.split()), strict=True)
        texts.append([*_take(code, count), *_take(prose, count)])
        labels.append(torch.arange(2 * count) // count)
    return Passages(texts[0], labels[0], texts[1], labels[1])


def _split(module: str) -> tuple[list[str], list[str]]:
    """The code and the prose of one module, in passages."""
    path = Path(sysconfig.get_path("stdlib")) / f"{module}.py"
    source = path.read_text(encoding="utf-8")
    lines, prose = source.splitlines(), []
    for node in ast.walk(ast.parse(source)):
        is_named = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if is_named and (documentation := ast.get_docstring(node)):
            prose += [p for p in documentation.split("\n\n") if _is_sentence(p)]
            string = node.body[0]
            lines[string.lineno - 1 : string.end_lineno] = [""] * _height(string)
    code = [line for line in lines if not line.lstrip().startswith("#")]
    return _passages(code), _passages(prose)


def _height(node: ast.stmt) -> int:
    return node.end_lineno - node.lineno + 1


def _is_sentence(paragraph: str) -> bool:
    """No example, no table: those are indented, or end without a full stop."""
    return paragraph[:1].isupper() and paragraph.endswith(".") and "\n " not in paragraph


def _passages(lines: list[str]) -> list[str]:
    rows = textwrap.wrap(" ".join(" ".join(lines).split()), max(LENGTHS))
    cuts = zip(rows, cycle(LENGTHS), strict=False)
    return [row[:length] for row, length in cuts if row.isascii()]


def _take(modules: tuple[list[str], ...], count: int) -> Iterator[str]:
    """The first passage of every module, then the second, and so on."""
    in_turn = (passage for turn in zip_longest(*modules) for passage in turn if passage)
    return islice(in_turn, count)


class Prose(NamedTuple):
    """English in lines of at most 46 characters."""

    train_lines: list[str]
    test_lines: list[str]


@checked
def prose(width: int = 46) -> Prose:
    """What Python's own help says on some eighty topics; every eighth is held back for testing.

    Args:
        width: characters in a line, at most. Lines end between words; the text is ASCII.
    """
    from pydoc_data.topics import topics

    lines = [_wrapped(topics[name], width) for name in sorted(topics)]
    held_back = lines[::8]
    learned_from = [some for number, some in enumerate(lines) if number % 8]
    return Prose([*chain(*learned_from)], [*chain(*held_back)])


def _wrapped(text: str, width: int) -> list[str]:
    plain = re.sub(r"[^ -~]|[*=~^-]{2,}|\* ", " ", text)
    lines = textwrap.wrap(" ".join(plain.split()), width)
    return [line.strip() for line in lines if re.search(r"[A-Za-z]{3}", line)]
