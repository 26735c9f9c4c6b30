"""Parquet files put together from pieces: big pieces are copied as they are, small ones are gathered.

Polars writes a file at once or not at all; an inventory comes in pieces, and decoding them all again for one
file costs 1 µs a row and 330 MB (measured: 10 million rows, `sink_parquet`). So the compressed row groups are
copied byte by byte, and a footer is written that names their new places.
Source of the field numbers: github.com/apache/parquet-format, src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl

from tidegate.items import SCHEMA
from tidegate.packing.thrift import BINARY, I64, LIST, STRUCT, Reader, Struct, write_struct

MAGIC: Final = b"PAR1"
SMALL_ROWS: Final = 16_384
"""A piece with fewer rows is decoded and gathered with its neighbours: a row group costs 2 KB of footer."""
GROUP_ROWS: Final = 65_536
"""Rows of a gathered row group: 16 MB in memory."""

_KNOWN: Final = 8
_COPY_BYTES: Final = 1 << 20
_NUM_ROWS, _ROW_GROUPS, _KEY_VALUES = 3, 4, 5
_GROUP_COLUMNS, _GROUP_ROWS, _GROUP_OFFSET, _GROUP_ORDINAL = 1, 3, 5, 7
_CHUNK_OFFSET, _CHUNK_META, _CHUNK_OFFSET_INDEX, _CHUNK_COLUMN_INDEX = 2, 3, 4, 6
_META_PLACES: Final = (9, 10, 11, 14)
"""Data page, index page, dictionary page, bloom filter: where they begin in the file."""


def write(frame: pl.DataFrame, file: Any) -> None:
    """Write one row group. LZ4: names are read in 32 ns instead of 56 with zstd, which is a sixth smaller."""
    frame.rechunk().write_parquet(
        file,
        compression="lz4",
        row_group_size=max(1, frame.height),
        statistics=False,
    )


_ROWS_KEY: Final = "tidegate.rows"
"""Under this name a file of ours says how many rows each row group has."""
_known: Final[dict[tuple[str, int, int], list[int]]] = {}
"""Of the files read last how many rows each row group has."""


def group_rows(path: Path) -> list[int]:
    """Return how many rows each row group of a file has. Raises `OSError`, `ValueError`."""
    found = _known.get(_version(path))
    if found is None:
        with path.open("rb") as source:
            found = _said(path, source) or [
                group[_GROUP_ROWS][1] for group in _footer(source)[0][_ROW_GROUPS][1][1]
            ]
        while len(_known) >= _KNOWN:
            del _known[next(iter(_known))]
        _known[_version(path)] = found
    return list(found)


def _said(path: Path, source: BinaryIO) -> list[int]:
    """Return what a file of ours says itself: the footer of 100 million rows takes 0.4 s to read.

    Empty where it says nothing, or not of all rows.
    """
    _footer_place(source)
    try:
        said = [int(rows) for rows in pl.read_parquet_metadata(path).get(_ROWS_KEY, "").split()]
        total = pl.scan_parquet(path).select(pl.len()).collect().item() if said else 0
    except (pl.exceptions.PolarsError, ValueError):
        return []
    return said if sum(said) == total and min(said, default=0) > 0 else []


def _version(path: Path) -> tuple[str, int, int]:
    info = path.stat()
    return str(path), info.st_size, info.st_mtime_ns


def whole_groups(
    path: Path, most: int, first: int = 0, count: int | None = None
) -> Iterator[tuple[int, int]]:
    """Yield the first row and how many rows, of whole row groups: up to `most` together, one at least.

    A part of a row group takes as long to decode as all of it, and its texts are copied. first, count: of
    which rows, where row groups begin and end. Raises `OSError`, `ValueError`.
    """
    groups = group_rows(path)
    last = sum(groups) if count is None else first + count
    start, rows = first, 0
    for more, end in zip(groups, accumulate(groups), strict=True):
        if not first < end <= last:
            continue
        if rows and rows + more > most:
            yield start, rows
            start, rows = start + rows, 0
        rows += more
    if rows:
        yield start, rows


class Joined:
    """One Parquet file in the making. `close` makes it whole; without it nothing readable is left."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin at the start of `file`, which stays the caller's to close."""
        self._file = file
        self._file.write(MAGIC)
        self._footer: Struct | None = None
        self._groups: list[Struct] = []
        self._pending: list[pl.DataFrame] = []
        self._pending_rows = 0
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Append rows."""
        if frame.height == 0:
            return
        self._pending.append(frame)
        self._pending_rows += frame.height
        self.rows += frame.height
        if self._pending_rows >= GROUP_ROWS:
            self._gather()

    def copy(self, path: Path) -> None:
        """Append all rows of a file that has the same columns, without decoding them."""
        self._gather()
        with path.open("rb") as source:
            self.rows += self._append(source)

    def close(self) -> None:
        """Write the footer."""
        self._gather()
        if self._footer is None:
            self._append(_encoded(pl.DataFrame(schema=dict(SCHEMA))))
        footer = dict(self._footer or {})
        footer[_NUM_ROWS] = (I64, self.rows)
        footer[_ROW_GROUPS] = (LIST, (STRUCT, self._groups))
        said = " ".join(str(group[_GROUP_ROWS][1]) for group in self._groups)
        footer[_KEY_VALUES] = (
            LIST,
            (STRUCT, [{1: (BINARY, _ROWS_KEY.encode()), 2: (BINARY, said.encode())}]),
        )
        encoded = bytearray()
        write_struct(footer, encoded)
        self._file.write(encoded + len(encoded).to_bytes(4, "little") + MAGIC)

    def _gather(self) -> None:
        if self._pending:
            frame = pl.concat(self._pending)
            self._pending, self._pending_rows = [], 0
            self._append(_encoded(frame))

    def _append(self, source: BinaryIO) -> int:
        footer, body_bytes = _footer(source)
        shift = self._file.tell() - len(MAGIC)
        groups = [group for group in footer[_ROW_GROUPS][1][1] if group[_GROUP_ROWS][1]]
        for group in groups:
            _move(group, shift)
        if groups:
            source.seek(len(MAGIC))
            _copy(source, self._file, body_bytes)
        self._groups += groups
        if self._footer is None:
            self._footer = footer
        rows: int = footer[_NUM_ROWS][1]
        return rows


def _encoded(frame: pl.DataFrame) -> BinaryIO:
    piece = io.BytesIO()
    write(frame, piece)
    return piece


def _footer(source: BinaryIO) -> tuple[Struct, int]:
    """Return the footer and how many bytes of row groups stand before it. Raises `ValueError`."""
    start, size = _footer_place(source)
    source.seek(start)
    return Reader(source.read(size)).struct(), start - len(MAGIC)


def _footer_place(source: BinaryIO) -> tuple[int, int]:
    """Return where the footer begins, and its bytes. Raises `ValueError`."""
    end = source.seek(0, os.SEEK_END)
    source.seek(max(0, end - 8))
    tail = source.read(8)
    size = int.from_bytes(tail[:4], "little")
    if tail[4:] != MAGIC or not 0 < size <= end - 12:
        raise ValueError("no Parquet footer")
    return end - 8 - size, size


def _move(group: Struct, shift: int) -> None:
    """Add `shift` to every place that a row group names. Its ordinal goes: it is 16 bits, and optional."""
    group.pop(_GROUP_ORDINAL, None)
    _shift(group, _GROUP_OFFSET, shift)
    for chunk in group[_GROUP_COLUMNS][1][1]:
        for number in (_CHUNK_OFFSET_INDEX, _CHUNK_COLUMN_INDEX):
            _shift(chunk, number, shift)
        if chunk.get(_CHUNK_OFFSET, (I64, 0))[1]:
            _shift(chunk, _CHUNK_OFFSET, shift)
        for number in _META_PLACES:
            _shift(chunk[_CHUNK_META][1], number, shift)


def _shift(fields: Struct, number: int, by: int) -> None:
    if number in fields:
        kind, value = fields[number]
        fields[number] = (kind, value + by)


def _copy(source: BinaryIO, target: BinaryIO, size_bytes: int) -> None:
    left = size_bytes
    while left:
        piece = source.read(min(left, _COPY_BYTES))
        if not piece:
            raise ValueError("the file ends early")
        target.write(piece)
        left -= len(piece)
