"""SQLite databases, read page by page: the library itself is not let near hostile bytes.

One document a table, one line a row: its texts and blobs, a tab between. Rows that were deleted are still in
the file's own bytes, which are a document too.
Source: sqlite.org/fileformat2.html, sections 1.3, 1.5, 1.6 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError
from tidegate.sources.unpack.names import readable
from tidegate.sources.unpack.reader import Reader

_CODECS: Final = {2: "utf-16-le", 3: "utf-16-be"}
_FIXED: Final = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)
"""Bytes of the serial types 0 to 11: NULL, numbers, reserved ones."""
_TABLE_LEAF: Final = 13
_TABLE_INNER: Final = 5
_INDEX_LEAF: Final = 10
_INDEX_INNER: Final = 2
_PIECE_BYTES: Final = 1 << 16


class _Header(NamedTuple):
    """What the first 100 bytes say."""

    page_bytes: int
    usable_bytes: int
    codec: str | None
    """`None`: UTF-8, which is passed on as it is."""


def open_sqlite(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield a document for the schema and one for each table that has texts or blobs."""
    data = source.take(1 << 62)
    if len(data) < 512:
        raise BrokenError("sqlite: no whole first page")
    page_bytes = int.from_bytes(data[16:18], "big")
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    usable = page_bytes - data[20]
    if page_bytes < 512 or page_bytes & (page_bytes - 1) or usable < 480:
        raise BrokenError(f"sqlite: a page size of {page_bytes} is none")
    database = _Database(data, _Header(page_bytes, usable, _CODECS.get(data[59])), inner, budget)
    yield from database.tables()
    if database.damaged:
        raise BrokenError(f"sqlite: {database.damaged:,} of its pages and rows could not be read")


class _Database:
    def __init__(self, data: memoryview, header: _Header, inner: str, budget: Budget) -> None:
        self.data = data
        self.header = header
        self.inner = inner
        self.budget = budget
        self.damaged = 0
        self.seen: set[int] = set()
        """Pages of trees that were read: each is read once, whatever points at it."""

    def tables(self) -> Iterator[tuple[str, Reader]]:
        roots: list[tuple[str, int]] = []
        schema = []
        for record in self.records(1):
            self.budget.member()
            values = list(self.values(record))
            if len(values) < 5 or not isinstance(values[3], int):
                continue
            schema.append(b"\t".join(value for value in values if isinstance(value, bytes)))
            if values[3]:
                # An index repeats what its table holds, but that of a table WITHOUT ROWID is the table.
                name = values[1] if isinstance(values[1], bytes) else b""
                if values[0] == b"table":
                    roots.append((readable(name), values[3]))
        yield "sqlite_schema", Reader(b"\n".join(schema))
        for table, root in roots:
            yield table, Reader(more=self.rows(root))

    def rows(self, root: int) -> Iterator[bytes]:
        """Yield a table's rows as text, some thousand bytes at a time."""
        lines: list[bytes] = []
        size = 0
        try:
            for record in self.records(root):
                line = b"\t".join(value for value in self.values(record) if isinstance(value, bytes))
                if line:
                    lines.append(line)
                    size += len(line)
                if size > _PIECE_BYTES:
                    yield b"\n".join(lines) + b"\n"
                    lines, size = [], 0
        except ExhaustedError:
            pass
        if lines:
            yield b"\n".join(lines) + b"\n"

    def records(self, root: int) -> Iterator[bytes]:
        """Yield the payloads of a tree, left to right."""
        waiting = [root]
        while waiting:
            number = waiting.pop()
            page = self.page(number)
            if not page or number in self.seen:
                self.damaged += 1
                continue
            self.seen.add(number)
            self.budget.clock()
            at = 100 if number == 1 else 0
            kind = page[at]
            inner = kind in (_TABLE_INNER, _INDEX_INNER)
            if not inner and kind not in (_TABLE_LEAF, _INDEX_LEAF):
                self.damaged += 1
                continue
            children = []
            for cell in _cells(page, at, 12 if inner else 8):
                if inner:
                    children.append(int.from_bytes(page[cell : cell + 4], "big"))
                if kind != _TABLE_INNER:
                    payload = self.payload(page, cell + 4 * inner, is_table=kind == _TABLE_LEAF)
                    if payload is None:
                        self.damaged += 1
                    else:
                        yield payload
            if inner:
                children.append(int.from_bytes(page[at + 8 : at + 12], "big"))
                waiting.extend(reversed(children))

    def page(self, number: int) -> memoryview:
        """Return a page, empty when the file does not hold all of it. The first has number 1."""
        size = self.header.page_bytes
        page = self.data[max(number - 1, 0) * size : number * size] if number > 0 else self.data[:0]
        return page if len(page) == size else self.data[:0]

    def payload(self, page: memoryview, at: int, *, is_table: bool) -> bytes | None:
        """Return a cell's payload with what overflowed of it, as far as it goes; `None`: there is none."""
        size, at = _varint(page, at)
        if is_table:
            _, at = _varint(page, at)
        local = self._local(size, is_table=is_table)
        if at + local > self.header.page_bytes:
            return None
        head = bytes(page[at : at + local])
        if local == size:
            return head
        pieces = [head]
        left = size - local
        number = int.from_bytes(page[at + local : at + local + 4], "big")
        chain: set[int] = set()
        while left > 0:
            overflow = self.page(number)
            if not overflow or number in chain:
                self.damaged += 1
                break
            chain.add(number)
            piece = bytes(overflow[4 : min(4 + left, self.header.usable_bytes)])
            # Any number of rows may point at one chain: what comes out is counted, not what lies there.
            self.budget.spend(len(piece))
            pieces.append(piece)
            left -= len(piece)
            number = int.from_bytes(overflow[:4], "big")
        return b"".join(pieces)

    def _local(self, size: int, *, is_table: bool) -> int:
        """How many bytes of a payload are in its own page."""
        usable = self.header.usable_bytes
        most = usable - 35 if is_table else (usable - 12) * 64 // 255 - 23
        if size <= most:
            return size
        least = (usable - 12) * 32 // 255 - 23
        fit = least + (size - least) % (usable - 4)
        return fit if fit <= most else least

    def values(self, record: bytes) -> Iterator[bytes | int | None]:
        """Yield the columns: texts (as UTF-8) and blobs as bytes, whole numbers as such, others as `None`."""
        view = memoryview(record)
        header_bytes, at = _varint(view, 0)
        body = header_bytes
        while at < min(header_bytes, len(record)):
            kind, at = _varint(view, at)
            size = (kind - 12) // 2 if kind >= 12 else _FIXED[kind]
            value = record[body : body + size]
            body += size
            if kind >= 12:
                is_text = kind & 1
                codec = self.header.codec
                yield value.decode(codec, "replace").encode() if is_text and codec else value
            elif kind in (8, 9):
                yield kind - 8
            else:
                yield int.from_bytes(value, "big", signed=True) if 1 <= kind <= 6 else None


def _cells(page: memoryview, at: int, header_bytes: int) -> Iterator[int]:
    """Yield where the cells of a tree's page start."""
    count = int.from_bytes(page[at + 3 : at + 5], "big")
    first = at + header_bytes
    for pointer in range(first, min(first + 2 * count, len(page) - 1), 2):
        cell = int.from_bytes(page[pointer : pointer + 2], "big")
        if first <= cell < len(page) - 4:
            yield cell


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Read a number of up to nine bytes; return it and what stands behind it. The end counts as zeros."""
    value = 0
    for index in range(9):
        byte = data[at + index] if at + index < len(data) else 0
        if index == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    raise AssertionError  # The ninth byte always returns.
