"""The columns of a table in text: delimited with a header, or one JSON object a line."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Final

from tidegate.inspectors.data._text import lines
from tidegate.records import dataclass

_DELIMITERS: Final = ",;\t|"
_MOST_COLUMNS: Final = 2000
_WORD: Final = re.compile(r"[^\W\d]")


@dataclass(frozen=True, slots=True)
class Table:
    """A table in text, by its first lines."""

    columns: tuple[str, ...]
    delimiter: str
    """Empty for JSON lines."""
    row_bytes: float
    """Of a row, in the middle of those seen."""


def delimited(text: bytes) -> Table | None:
    """Return the table that a text begins with; `None` unless two lines agree in a delimiter."""
    rows = [line for line in lines(text, 60) if line.strip()]
    if len(rows) < 2:
        return None
    first = rows[0].decode("utf-8", "replace")
    for delimiter in sorted(_DELIMITERS, key=first.count, reverse=True):
        if not first.count(delimiter):
            return None
        header = _cells(first, delimiter)
        if len(header) < 2 or not _is_header(header):
            continue
        widths = [len(_cells(row.decode("utf-8", "replace"), delimiter)) for row in rows[1:30]]
        if sum(width == len(header) for width in widths) * 10 >= len(widths) * 9:
            return Table(tuple(header[:_MOST_COLUMNS]), delimiter, _middle(rows[1:]))
    return None


def json_lines(text: bytes) -> Table | None:
    """Return the table of a text whose lines are JSON objects."""
    rows = [line for line in lines(text, 60) if line.strip()]
    if len(rows) < 2 or not all(
        row.lstrip().startswith(b"{") and row.rstrip().endswith(b"}") for row in rows[:20]
    ):
        return None
    names: dict[str, None] = {}
    for row in rows[:20]:
        try:
            value = json.loads(row)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict):
            return None
        names |= dict.fromkeys(value)
    return Table(tuple(names)[:_MOST_COLUMNS], "", _middle(rows))


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader(io.StringIO(line), delimiter=delimiter), [])]
    except csv.Error:
        return []


def _is_header(cells: list[str]) -> bool:
    """Tell names of columns from values: short words, each once."""
    named = [cell for cell in cells if cell]
    if len(named) * 10 < len(cells) * 8 or len(set(named)) * 10 < len(named) * 9:
        return False
    return (
        all(len(cell) <= 80 for cell in named)
        and sum(
            bool(_WORD.search(cell)) and "=" not in cell and "://" not in cell and "@" not in cell
            for cell in named
        )
        * 10
        >= len(named) * 9
    )


def _middle(rows: list[bytes]) -> float:
    sizes = sorted(len(row) + 1 for row in rows)
    return float(sizes[len(sizes) // 2]) if sizes else 1.0


def rows_of(table: Table, size_bytes: int, text: bytes) -> tuple[int, bool]:
    """Return how many rows there are, and whether that is exact: all of the text was seen."""
    if len(text) >= size_bytes:
        return max(0, sum(bool(line.strip()) for line in text.splitlines()) - bool(table.delimiter)), True
    return max(1, round(size_bytes / table.row_bytes)), False
