"""A file of checksummed lines: what stands in it has happened, whatever else the disk holds."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from tidegate.errors import ConfigError
from tidegate.inventory._disk import Disk

Record = dict[str, Any]


class Journal:
    """Appends records. A line is the CRC-32 of its JSON in hex, a blank, the JSON (ASCII), a line feed."""

    def __init__(self, path: Path, disk: Disk) -> None:
        """Open for appending; a torn last line, from a run that was killed, is cut off."""
        self._disk = disk
        self._path = path
        self._file: BinaryIO = path.open("ab")
        self._file.truncate(_whole_bytes(path))
        self._held: list[bytes] = []

    def write(self, record: Record) -> None:
        """Add a record and what was held before it; return when they are on disk. Raises `OSError`."""
        self._disk.append(self._file, b"".join([*self._held, _line(record)]))
        self._held.clear()

    def hold(self, record: Record) -> None:
        """Add a record that means nothing without those to come: it is written with the next one."""
        self._held.append(_line(record))

    def records(self) -> Iterator[Record]:
        """Read all records from the start. Raises `ConfigError` when a line was changed."""
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                record = _parse(line)
                if record is None:
                    raise ConfigError(
                        f"{self._path}:{number} is damaged",
                        hint=f"delete {self._path.parent} to list anew",
                    )
                yield record

    def close(self) -> None:
        """Close the file; what is held is dropped."""
        self._file.close()


def _line(record: Record) -> bytes:
    text = json.dumps(record, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse(line: bytes) -> Record | None:
    text = line[9:-1]
    if line[-1:] != b"\n" or line[:9] != b"%08x " % zlib.crc32(text):
        return None
    record: Record = json.loads(text)
    return record


def _whole_bytes(path: Path) -> int:
    """Size without a torn last line. A bad line before others is no tear: it stays, and is complained of."""
    whole = 0
    with path.open("rb") as file:
        for line in file:
            if _parse(line) is None and not file.read(1):
                return whole
            if _parse(line) is None:
                break
            whole += len(line)
        else:
            return whole
    return path.stat().st_size
