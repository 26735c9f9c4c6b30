"""Columns and their values out of a piece of text: delimited, JSON, SQL, XML, `key: value` records."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from tidegate.records import dataclass, field

MOST_ROWS: Final = 5000
"""Of one table: as many as decide, and the time stays bounded."""
_MOST_COLUMNS: Final = 400
_MOST_CELL: Final = 400
_PAIR: Final = re.compile(
    r'"(?P<key>[^"\\\r\n]{1,64})"\s{0,4}:\s{0,4}(?:"(?P<text>(?:[^"\\\r\n]|\\.){0,400})"|(?P<number>-?\d[\d.]{0,30}))'
)
_TAG: Final = re.compile(
    r"<(?P<key>[A-Za-z_][\w:.-]{1,60})(?:\s[^<>]{0,200})?>(?P<text>[^<>]{1,300})</(?P=key)>"
)
_RECORD: Final = re.compile(
    r"(?m)^[ \t-]{0,8}(?P<key>[A-Za-z][\w .;=-]{1,40}?)\s?:{1,2}[ \t]{1,8}(?P<text>[^\r\n]{1,300})$"
)
_VCARD: Final = re.compile(
    r"(?m)^(?:item\d\.)?(?P<key>EMAIL|TEL|FN|BDAY|ADR)(?:;[^:\r\n]{0,80})?:(?P<text>[^\r\n]{1,200})"
)
_INSERT: Final = re.compile(
    r"INSERT\s+(?:IGNORE\s+)?INTO\s+(?P<table>[\w.`\"\[\]-]{1,128})\s*(?:\((?P<columns>[^()]{1,4000})\))?\s*VALUES\s*",
    re.IGNORECASE,
)
_CREATE: Final = re.compile(
    r"CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<table>[\w.`\"\[\]-]{1,128})\s*\((?P<body>[^;]{1,20000})",
    re.IGNORECASE,
)
_COPY: Final = re.compile(
    r"(?m)^COPY\s+(?P<table>[\w.\"-]{1,128})\s*\((?P<columns>[^()]{1,4000})\)\s+FROM\s+stdin;\r?\n"
)
_COLUMN: Final = re.compile(r"(?m)^\s*[`\"\[]?(?P<name>[A-Za-z_][\w ]{0,60}?)[`\"\]]?\s+[A-Za-z]+")
_NO_COLUMN: Final = frozenset(
    {"primary", "key", "unique", "constraint", "foreign", "index", "check", "fulltext", "create"}
)


@dataclass(slots=True)
class Columns:
    """A table by its columns: name -> values, as many as were seen."""

    values: dict[str, list[str]] = field(default_factory=dict)
    rows: int = 0
    form: str = ""
    """`delimited`, `json`, `sql`, `xml`, `records`."""


def tables(text: str, name: str, columns: Sequence[str] | None) -> Iterator[Columns]:
    """Yield the tables that a text holds; any text ends. columns: of the table that it is, when known."""
    start = text[:4096].lstrip("\ufeff \t\r\n")
    if columns is not None and start[:1] not in "{[<" and "INSERT" not in text[:65536].upper():
        made = _delimited(text, list(columns))
        if made is not None:
            yield made
            return
    if start[:1] in {"{", "["}:
        yield _pairs(_PAIR, text, "json")
        return
    if start.startswith("<"):
        yield _pairs(_TAG, text, "xml")
        return
    found = False
    for made in _sql(text):
        found = True
        yield made
    if found:
        return
    if start.startswith("BEGIN:VCARD"):
        yield _vcards(text)
        return
    if columns is None:
        made = _delimited(text, None)
        if made is not None:
            yield made
            return
    lowered = name.lower()
    if lowered.endswith((".ldif", ".yaml", ".yml", ".txt", ".eml")) or start.startswith("dn:"):
        yield _pairs(_RECORD, text, "records")


def _delimited(text: str, columns: list[str] | None) -> Columns | None:
    """Read lines of equally many cells. columns: the header, when it is not in this piece of text."""
    lines = text.split("\n", 40)[:40]
    whole = [line for line in lines[: -1 if len(lines) > 1 else None] if line.strip()] or lines[:1]
    if not whole:
        return None
    delimiter = _delimiter(whole, len(columns) if columns else None)
    if delimiter is None:
        return None
    rows = _rows(text, delimiter)
    header = columns
    if header is None:
        header = next(rows, [])
        if len(header) < 2 or not _names(header):
            header, rows = [""] * len(header), _rows(text, delimiter)
    header = header[:_MOST_COLUMNS]
    made = Columns(form="delimited")
    values: list[list[str]] = [[] for _ in header]
    for row in rows:
        if len(row) < len(header) or len(row) > len(header) + 1 or row[: len(header)] == header:
            continue
        made.rows += 1
        for cells, cell in zip(values, row, strict=False):
            if cell:
                cells.append(cell[:_MOST_CELL].strip())
        if made.rows >= MOST_ROWS:
            break
    for at, (key, cells) in enumerate(zip(header, values, strict=True)):
        made.values[key or f"#{at}"] = cells
    return made if made.rows or columns else None


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        yield row


def _delimiter(lines: list[str], width: int | None) -> str | None:
    """Return the sign that cuts the lines into equally many cells."""
    for sign in sorted(",;\t|", key=lines[0].count, reverse=True):
        counts = [_width(line, sign) for line in lines[:20] if len(line) < 1 << 16]
        most = max(set(counts), key=counts.count, default=0)
        if most >= 2 and (width is None or most == width) and counts.count(most) * 10 >= len(counts) * 8:
            return sign
    return "," if width == 1 else None


def _width(line: str, sign: str) -> int:
    try:
        return len(next(csv.reader([line.rstrip("\r")], delimiter=sign), []))
    except csv.Error:
        return 0


def _names(cells: list[str]) -> bool:
    """Say whether a row is a header: no cell is a number, a date or an address of mail."""
    return not any(re.search(r"@|^\+?[\d.,:/ -]+$", cell.strip()) for cell in cells if cell.strip())


def _pairs(pattern: re.Pattern[str], text: str, form: str) -> Columns:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for found in pattern.finditer(text):
        key = found.group("key").strip()
        value = found.group("text")
        if value is None:
            value = found.groupdict().get("number") or ""
        cells = values[key] if key in values or len(values) < _MOST_COLUMNS else []
        if value and len(cells) < MOST_ROWS:
            cells.append(value.strip())
    return Columns(dict(values), max((len(cells) for cells in values.values()), default=0), form)


def _vcards(text: str) -> Columns:
    known = {"EMAIL": "email", "TEL": "phone", "FN": "full name", "BDAY": "birthday", "ADR": "address"}
    values: defaultdict[str, list[str]] = defaultdict(list)
    for found in _VCARD.finditer(text):
        values[known[found.group("key")]].append(found.group("text").replace(";", " ").strip())
    return Columns(dict(values), text.count("BEGIN:VCARD"), "records")


def _sql(text: str) -> Iterator[Columns]:
    if not re.search(r"\b(?:INSERT\s+INTO|COPY\s+\S+\s*\()", text, re.IGNORECASE):
        return
    declared = {
        _bare(found.group("table")): [
            each.group("name")
            for each in _COLUMN.finditer(found.group("body"))
            if each.group("name").split()[0].lower() not in _NO_COLUMN
        ]
        for found in _CREATE.finditer(text)
    }
    made: dict[str, Columns] = {}
    for found in _COPY.finditer(text):
        columns = [_bare(each) for each in found.group("columns").split(",")]
        table = made.setdefault(_bare(found.group("table")), Columns(form="sql"))
        end = text.find("\n\\.", found.end())
        for line in text[found.end() : end if end >= 0 else len(text)].split("\n")[:MOST_ROWS]:
            _add(table, columns, ["" if cell == r"\N" else cell for cell in line.rstrip("\r").split("\t")])
    for found in _INSERT.finditer(text):
        key = _bare(found.group("table"))
        names = found.group("columns")
        columns = [_bare(each) for each in names.split(",")] if names else declared.get(key, [])
        table = made.setdefault(key, Columns(form="sql"))
        if table.rows >= MOST_ROWS:
            continue
        for cells in _tuples(text, found.end()):
            _add(table, columns or [f"#{at}" for at in range(len(cells))], cells)
            if table.rows >= MOST_ROWS:
                break
    yield from made.values()


def _add(table: Columns, columns: list[str], cells: list[str]) -> None:
    if len(cells) != len(columns) or table.rows >= MOST_ROWS:
        return
    table.rows += 1
    for column, cell in zip(columns, cells, strict=True):
        own = table.values.setdefault(column, [])
        if cell:
            own.append(cell[:_MOST_CELL])


_TOKEN: Final = re.compile(r"'((?:[^'\\]|''|\\.)*)'|([^\s,()']+)|([(),;])")


def _tuples(text: str, at: int) -> Iterator[list[str]]:
    """Yield the rows of `VALUES (…), (…)`, up to the end of the statement."""
    cells: list[str] = []
    inside = False
    for token in _TOKEN.finditer(text, at):
        if token.group(1) is not None:
            cells.append(token.group(1).replace("''", "'"))
        elif token.group(2) is not None:
            if not inside:
                return
            cells.append("" if token.group(2).upper() == "NULL" else token.group(2))
        elif token.group(3) == "(":
            cells, inside = [], True
        elif token.group(3) == ")":
            inside = False
            yield cells
        elif token.group(3) == ";" and not inside:
            return


def _bare(name: str) -> str:
    return name.strip().strip('`"[] ').rpartition(".")[2].strip('`"[] ')
