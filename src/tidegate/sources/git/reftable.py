"""References kept in tables rather than in files: names, and the logs of their changes.

Source: git-scm.com/docs/reftable.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tidegate.sources.git.regular import read_if_there, read_regular

MAX_TABLE_BYTES: Final = 256 << 20
MAX_TABLES: Final = 1000
MAX_TEXT_BYTES: Final = 256 << 20
"""Of all blocks, and of the names that are made of them: each may be the one before it and a letter more."""
_BLOCK_COST: Final = 64
_TABLE: Final = re.compile(rb"[\w.-]{1,255}")
_HEADS: Final = {1: 24, 2: 28}
_DELETED, _ID, _PEELED, _LINK = 0, 1, 2, 3
_REF, _LOG = b"rg"


class TableError(ValueError):
    """A table that cannot be understood; the message says why, in words fit for a gap."""


@dataclass(slots=True)
class Tables:
    """What all tables of a folder say together; later ones win."""

    width: int
    names: dict[bytes, bytes] = field(default_factory=dict)
    """Full name -> id."""
    links: dict[bytes, bytes] = field(default_factory=dict)
    """Full name -> the name that it stands for."""
    logs: list[bytes] = field(default_factory=list)
    """One line a change, as git writes it into files; of changes that were taken back as well."""
    left: int = MAX_TEXT_BYTES

    def charge(self, size: int) -> None:
        """Take so many bytes of text. Raises `TableError`."""
        self.left -= size
        if self.left < 0:
            raise TableError(f"its names and logs are more than {MAX_TEXT_BYTES >> 20} MiB")


def read_tables(folder: Path, tables: Tables) -> Iterator[tuple[str, str]]:
    """Read the tables that are in force into `tables`; yield (path, why) of each that cannot be read."""
    listed = read_if_there(folder / "tables.list", MAX_TABLES * 256).split(b"\n")
    for name in listed[: MAX_TABLES + 1]:
        path = folder / name.decode("utf-8", "replace")
        if not name:
            continue
        if not _TABLE.fullmatch(name):
            yield str(path), "no name of a table: not followed"
            continue
        try:
            _read(read_regular(path, MAX_TABLE_BYTES + 1), tables)
        except OSError as error:
            yield str(path), (error.strerror or str(error)).lower()
        except TableError as error:
            yield str(path), f"refs that cannot be read: {error}"
        except (IndexError, struct.error, zlib.error):
            yield str(path), "refs that cannot be read: a damaged table"
    if len(listed) > MAX_TABLES + 1:
        yield str(folder), f"more than {MAX_TABLES:,} tables of refs"


def _read(data: bytes, tables: Tables) -> None:
    if len(data) > MAX_TABLE_BYTES:
        raise TableError(f"larger than {MAX_TABLE_BYTES >> 20} MiB")
    head = _HEADS.get(data[4]) if data[:4] == b"REFT" else None
    if head is None:
        raise TableError("no table, or of an unknown version")
    end = len(data) - head - 44  # the footer
    if end < head or data[end : end + head] != data[:head]:
        raise TableError("a damaged table")
    ref_index, objects, _, logs, log_index, check = struct.unpack_from(">5QI", data, end + head)
    if zlib.crc32(data[end:-4]) != check:
        raise TableError("a damaged table")
    block_bytes = int.from_bytes(data[5:8], "big")
    stop = min(each for each in (ref_index, objects >> 5, logs, end) if each)
    at, start = 0, head  # the head lies in the first block
    if not logs and data[head] == _LOG:
        logs = start = head
    while start < stop and start != logs:
        size = int.from_bytes(data[start + 1 : start + 4], "big")
        if data[start] != _REF or at + size > end:
            raise TableError("a damaged table")
        _read_refs(data[at : at + size], start - at + 4, tables)
        start = at = at + max(block_bytes or size, start - at + 4)
    rest = memoryview(data)[:end]
    stop = min(log_index or end, end)
    while logs and logs < stop:
        # Offsets in it are from the head of the block; the room of one byte more shows that it ends there.
        size = int.from_bytes(data[logs + 1 : logs + 4], "big")
        engine = zlib.decompressobj()
        own = rest[logs + 4 : logs + size + (size >> 8) + _BLOCK_COST]
        block = engine.decompress(own, size - 3 if size > 4 else 1)
        if data[logs] != _LOG or not engine.eof or len(block) != size - 4:
            raise TableError("a damaged table")
        _read_logs(block, tables)
        logs += 4 + len(own) - len(engine.unused_data)


class _Block:
    """The records of one block, one after the other."""

    def __init__(self, data: bytes, at: int, tables: Tables) -> None:
        self._data = data
        self._at = at
        self._stop = len(data) - 2 - 3 * int.from_bytes(data[-2:], "big")
        if self._stop < at:
            raise TableError("a damaged table")
        tables.charge(len(data) + _BLOCK_COST)
        self._tables = tables

    def records(self) -> Iterator[tuple[bytes, int]]:
        """Yield key and type of each record, whose value is to be taken before the next."""
        key = b""
        while self._at < self._stop:
            shared, size = self.number(), self.number()
            if shared > len(key):
                raise TableError("a damaged table")
            self._tables.charge(shared)
            key = key[:shared] + self.take(size >> 3)
            yield key, size & 7

    def number(self) -> int:
        """Take a number of any length."""
        at, data = self._at, self._data
        value = data[at] & 0x7F
        while data[at] >= 0x80:
            at += 1
            value = (value + 1) << 7 | data[at] & 0x7F
            if value >> 64:
                raise TableError("a damaged table")
        self._at = at + 1
        return value

    def take(self, size: int) -> bytes:
        """Take so many bytes."""
        found = self._data[self._at : self._at + size]
        self._at += size
        if self._at > self._stop:
            raise TableError("a damaged table")
        self._tables.charge(size)
        return found

    def text(self) -> bytes:
        """Take a text that begins with its length."""
        return self.take(self.number())


def _read_refs(data: bytes, at: int, tables: Tables) -> None:
    block = _Block(data, at, tables)
    for name, kind in block.records():
        block.number()  # when it was changed
        tables.names.pop(name, None)
        tables.links.pop(name, None)
        if kind in (_ID, _PEELED):
            tables.names[name] = block.take(tables.width)
            block.take(tables.width * (kind == _PEELED))
        elif kind == _LINK:
            tables.links[name] = block.text()
        elif kind != _DELETED:
            raise TableError("a record of an unknown kind")


def _read_logs(data: bytes, tables: Tables) -> None:
    block = _Block(data, 0, tables)
    for _, kind in block.records():
        if kind == _DELETED:
            continue
        if kind != _ID:
            raise TableError("a record of an unknown kind")
        old, new = block.take(tables.width), block.take(tables.width)
        name, email, when = block.text(), block.text(), block.number()
        (zone,) = struct.unpack(">h", block.take(2))
        said = b"%s %s %s <%s> %d %+03d%02d" % (
            old.hex().encode(), new.hex().encode(), name, email, when, int(zone / 60), abs(zone) % 60
        )  # fmt: skip
        # Each in one line, as git writes them; it lets no line ends into any of them.
        tables.logs.append(b" ".join((said + b"\t" + block.text()).split(b"\n")).rstrip())
