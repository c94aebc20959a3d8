"""Plain text in columns: it reads the same in a terminal, a notebook and a test."""

from collections.abc import Sequence


def columns(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()
) -> str:
    """Lines of fixed width, two spaces between columns.

    Args:
        header: a title for each column.
        rows: one text for each column.
        right: titles of the columns that are aligned to the right.

    >>> print(columns(("stage", "n"), [("encoder", "7"), ("decoder", "12")], right=("n",)))
    stage     n
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
