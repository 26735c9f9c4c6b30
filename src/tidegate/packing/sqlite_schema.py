"""The schema of a SQLite file, from its first pages, by ranged reads: nothing is opened by SQLite itself.

Source: sqlite.org/fileformat2.html, sections 1.3, 1.6, 2.1 and 2.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tidegate.records import dataclass

MAGIC: Final = b"SQLite format 3\x00"
_MOST_PAGES: Final = 64
"""Of the schema: more is no schema of a person's making."""
_MOST_ROWS: Final = 4096
_LONGEST: Final = 20_000
"""Bytes of one statement that are read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `sqlite_schema`."""

    type: str
    """`table`, `index`, `view`, `trigger`."""
    name: str
    root: int
    """Number of its first page; 0 for a view."""
    sql: str
    """May be cut."""


def page_bytes(head: bytes) -> int:
    """Return the size of a page. Raises `ValueError` when the file's first 100 bytes are none of SQLite's."""
    size = int.from_bytes(head[16:18], "big")
    size = 65536 if size == 1 else size
    if len(head) < 100 or not head.startswith(MAGIC) or size < 512 or size & (size - 1):
        raise ValueError("no SQLite file")
    return size


def schema(read: Callable[[int, int], bytes]) -> tuple[list[Entry], bool]:
    """Return the schema, and whether that is all of it.

    read: (offset, count) -> bytes. Raises `ValueError` when the first page is none of SQLite's, and what
    `read` raises.
    """
    first = read(0, 4096)
    size = page_bytes(first)
    reserved = first[20]
    entries: list[Entry] = []
    waiting, done = [1], set[int]()
    complete = True
    while waiting:
        number = waiting.pop(0)
        if number in done or number < 1:
            complete = complete and number >= 1
            continue
        if len(done) >= _MOST_PAGES or len(entries) >= _MOST_ROWS:
            return entries, False
        done.add(number)
        page = first[:size] if number == 1 and len(first) >= size else read((number - 1) * size, size)
        start = 100 if number == 1 else 0
        kind = page[start] if len(page) > start else 0
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        body = start + (12 if kind == 5 else 8)
        cells = [
            int.from_bytes(page[at : at + 2], "big")
            for at in range(body, min(body + 2 * count, len(page) - 1), 2)
        ]
        if kind == 5:
            waiting += [int.from_bytes(page[cell : cell + 4], "big") for cell in cells]
            waiting.append(int.from_bytes(page[start + 8 : start + 12], "big"))
        elif kind == 13:
            entries += [entry for cell in cells if (entry := _entry(page, cell, size - reserved)) is not None]
        elif number == 1:
            raise ValueError("its first page holds no schema")
        else:
            complete = False
    return entries, complete


def _entry(page: bytes, at: int, usable: int) -> Entry | None:
    try:
        payload, at = _varint(page, at)
        _, at = _varint(page, at)
        local = payload if payload <= usable - 35 else _local(payload, usable)
        record = page[at : at + min(local, _LONGEST)]
        header, place = _varint(record, 0)
        kinds: list[int] = []
        while place < min(header, len(record)) and len(kinds) < 5:
            kind, place = _varint(record, place)
            kinds.append(kind)
    except IndexError:
        return None
    values: list[bytes] = []
    place = header
    for kind in kinds:
        wide = (kind - 12) // 2 if kind >= 12 else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]
        values.append(record[place : place + wide] if kind != 9 else b"\x01")
        place += wide
    if len(values) < 5:
        return None
    text = [value.decode("utf-8", "replace") for value in values]
    return Entry(text[0], text[1], int.from_bytes(values[3], "big"), text[4])


def _local(payload: int, usable: int) -> int:
    """Return how much of a long record stands on its page; the rest is elsewhere."""
    least = ((usable - 12) * 32 // 255) - 23
    local = least + (payload - least) % (usable - 4)
    return local if local <= usable - 35 else least


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(9):
        byte = data[at + index]
        if index == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 128:
            return value, at + index + 1
    raise IndexError
