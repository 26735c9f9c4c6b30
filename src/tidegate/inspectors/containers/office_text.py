"""Text out of the parts of Office files, by their tags and without a parser of XML: bounded, in one pass.

Sources: ECMA-376 1, parts 17 (WordprocessingML), 18 (SpreadsheetML), 21.1.2 (DrawingML text);
OASIS OpenDocument 1.3, part 3, 5.1.3.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Sequence
from typing import Final

_PIECE: Final = re.compile(
    rb"<(?:w:t|a:t|text:p|text:span|text:h)(?:\s[^<>]{0,400})?>([^<]*)|</(?:w:p|a:p|text:p|text:h|table:table-row)>|<w:tab/>|<w:br/>"
    rb"|</(?:w:tc|table:table-cell)>|>([^<]+)</text:"
)
_STRING: Final = re.compile(rb"<si>(.*?)</si>|<si/>", re.DOTALL)
_IN_STRING: Final = re.compile(rb"<t(?:\s[^<>]{0,100})?>([^<]*)</t>")
_CELL: Final = re.compile(
    rb"<(row|c)\b([^<>]{0,300}?)(/?)>|<(?:v|t)(?:\s[^<>]{0,100})?>([^<]{0,32767})</(?:v|t)>"
)
_COLUMN: Final = re.compile(rb'\br="([A-Z]{1,3})\d')
_MOST_STRINGS: Final = 200_000
_MOST_ROWS: Final = 5_000
_MOST_TEXT: Final = 2 << 20
"""Letters of one sheet: a string of a megabyte may be pointed to by every cell."""
_MOST_COLUMNS: Final = 200


def running_text(xml: bytes) -> bytes:
    """Return the text of a document's or slide's part: a line a paragraph or row, a tab between cells."""
    pieces: list[bytes] = []
    for found in _PIECE.finditer(xml):
        if found[1] is not None or found[2] is not None:
            pieces.append(found[1] or found[2] or b"")
        else:
            tag = found[0]
            pieces.append(b"\t" if tag.endswith((b"tc>", b"cell>", b"tab/>")) else b"\n")
    return _plain(b"".join(pieces))


def shared_strings(xml: bytes) -> list[str]:
    """Return the strings that the cells of a workbook point to by number; the first 200,000."""
    strings: list[str] = []
    for found in _STRING.finditer(xml):
        strings.append(_plain(b"".join(_IN_STRING.findall(found[1] or b""))).decode("utf-8", "replace"))
        if len(strings) >= _MOST_STRINGS:
            break
    return strings


def sheet_rows(xml: bytes, strings: Sequence[str]) -> list[list[str]]:
    """Return the rows of a sheet, the first 5,000; cells without a value are empty."""
    rows: list[list[str]] = []
    shared, at, left = False, 0, _MOST_TEXT
    for found in _CELL.finditer(xml):
        if found[1] == b"row":
            if len(rows) >= _MOST_ROWS:
                break
            rows.append([])
            at = 0
        elif found[1] == b"c":
            place = _COLUMN.search(found[2])
            at = _number(place[1]) if place else at + 1
            shared = b't="s"' in found[2]
        elif rows and 0 < at <= _MOST_COLUMNS:
            row = rows[-1]
            row += [""] * (at - len(row))
            row[at - 1] = _value(found[4] or b"", strings, shared=shared)[:left]
            left -= len(row[at - 1]) + 1
            if left <= 0:
                break
    return rows


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Write rows down as the table that they are."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def _value(raw: bytes, strings: Sequence[str], *, shared: bool) -> str:
    if not shared:
        return _plain(raw).decode("utf-8", "replace")
    return strings[int(raw)] if raw.isdigit() and len(raw) < 8 and int(raw) < len(strings) else ""


def _number(letters: bytes) -> int:
    """Return the number of a column: A is 1."""
    value = 0
    for letter in letters:
        value = value * 26 + letter - 64
    return value


def _plain(text: bytes) -> bytes:
    return html.unescape(text.decode("utf-8", "replace")).encode("utf-8", "replace") if b"&" in text else text
