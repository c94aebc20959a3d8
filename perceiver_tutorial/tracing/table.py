"""Plain text in columns, for a terminal, a notebook and a test; as HTML where names are long."""

import re
from collections.abc import Sequence
from html import escape

LAYER = re.compile(r"(?<![^.])\d+(?![^.])")  # its number in a name: 3 in blocks.3.fc1, not 1


def columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
) -> str:
    """Lines of fixed width, two spaces between columns.

    Args:
        header: a title for each column.
        rows: one text for each column.
        right: titles of the columns that are aligned to the right.

    >>> print(columns(("step", "n"), [("encoder", "7"), ("decoder", "12")], right=("n",)))
    step      n
    encoder   7
    decoder  12
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        cells = zip(header, row, widths, strict=True)
        aligned = (text.rjust(w) if title in right else text.ljust(w) for title, text, w in cells)
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def html_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table for a notebook, where long names may go on in a second line.

    Args:
        title: what stands above.
        header: a title for each column.
        rows: one text for each column.

    >>> html_table("a", ["b"], [["c.d"]]).count("<wbr>")
    1
    """
    lines = [_html_row("th", header), *(_html_row("td", row) for row in rows)]
    return f"<p>{escape(title)}</p><table>{''.join(lines)}</table>"


def _html_row(kind: str, texts: Sequence[str]) -> str:
    cells = (escape(text).replace(".", ".<wbr>") for text in texts)
    look = 'style="text-align:left"'
    return f"<tr>{''.join(f'<{kind} {look}>{cell}</{kind}>' for cell in cells)}</tr>"
