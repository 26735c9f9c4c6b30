"""E01, of EnCase, FTK and ewfacquire: chunks, mostly deflated, found by tables; one file or many.

Sections are walked only as far as a chunk that is asked for: a large image has thousands.
Source: Joachim Metz, Expert Witness Compression Format specification, libewf, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tidegate.inspectors.disks.containers.mapped import MappedDisk, Table, Where
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import DamageError, exact, little, power
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable
from tidegate.records import dataclass

_MAGIC: Final = b"EVF\x09\x0d\x0a\xff\x00"
_MAGIC_2: Final = b"EVF2\x0d\x0a\x81\x00"
_DESCRIPTION: Final = 76
_TABLE_HEADER: Final = 24
_PACKED: Final = 1 << 31
_MOST_SECTIONS: Final = 200_000


_STRIDE: Final = 1 << 44
"""A file of the image begins at each multiple, as far as its readers are concerned: none is longer."""
_MOST_FILES: Final = 4096


class Files:
    """An image in several files as one stretch of bytes: each is opened when it is first read."""

    def __init__(self, first: Readable, name: str, beside: Callable[[str], Readable | None]) -> None:
        """Lay the files that follow behind the first. name: of that, its last part."""
        self._files: dict[int, Readable | None] = {0: first}
        self._name, self._beside = name, beside
        self.size_bytes = _MOST_FILES * _STRIDE

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of one of the files; nothing where it is missing or over."""
        number, at = divmod(offset, _STRIDE)
        if number not in self._files:
            self._files[number] = self._beside(name_of(self._name, number + 1))
        file = self._files[number]
        return b"" if file is None else file.read(at, max(0, min(count, file.size_bytes - at)))


def number_of(head: bytes) -> int:
    """Return which file of an image it is, from 1; 0 for none."""
    return little(head, 9, 2) if head.startswith(_MAGIC) else 0


def name_of(first: str, number: int) -> str:
    """Return the name of a file of the image: `a.E01`, `a.E02`, then from `a.E99` to `a.EAA`, `a.EAB`."""
    stem, dot, ending = first.rpartition(".")
    letter = ending[:1] or "E"
    if number < 100:
        return f"{stem}{dot}{letter}{number:02}"
    high, last = divmod(number - 100, 26)
    made = f"{chr(ord(letter.upper()) + high // 26)}{chr(65 + high % 26)}{chr(65 + last)}"
    return f"{stem}{dot}{made if letter.isupper() else made.lower()}"


def opens(head: bytes, tail: bytes) -> bool:
    """Tell it by its first bytes, of either version."""
    del tail
    return head.startswith((_MAGIC, _MAGIC_2))


def open_disk(data: Readable, meter: Meter) -> Opened:
    """Return the disk. Raises `DamageError`; the second version (Ex01) is not read."""
    head = exact(data, 0, 13)
    if head.startswith(_MAGIC_2):
        raise DamageError("a forensic image of the second version (Ex01), which is not read yet")
    if little(head, 9, 2) != 1:
        raise DamageError(
            f"part {little(head, 9, 2):,} of a forensic image (E01): what is in it stands in part 1"
        )
    chunks = _Chunks(data, meter)
    disk = MappedDisk(data, chunks.disk_bytes, chunks.chunk_bytes, chunks.where, meter)
    return Opened("forensic image (E01)", disk)


@dataclass(frozen=True, slots=True)
class _Group:
    """The chunks of one table."""

    first: int
    entries: Table
    base: int
    end: int
    """Byte in the file where the last chunk ends."""


class _Chunks:
    """Where chunks lie, learnt as far as it is asked for."""

    def __init__(self, data: Readable, meter: Meter) -> None:
        self._data, self._meter = data, meter
        self._at, self._count, self._sections, self._file = 13, 0, 0, 0
        self._groups: list[_Group] = []
        self._sectors_end = 0
        self._over = ""
        self.chunk_bytes = self.disk_bytes = 0
        while not self.chunk_bytes:
            if not self._step():
                raise DamageError("a forensic image (E01) without a description of its disk")

    def where(self, number: int) -> Where:
        """Return the place of a chunk."""
        while number >= self._count:
            if not self._step():
                raise DamageError(self._over or "a chunk that no table names")
        group = next(each for each in reversed(self._groups) if each.first <= number)
        index = number - group.first
        entry = group.entries[index]
        start = group.base + (entry & ~_PACKED)
        if not entry & _PACKED:
            return Where(start)
        last = index + 1 == group.entries.count
        end = group.end if last else group.base + (group.entries[index + 1] & ~_PACKED)
        if not 0 < end - start <= 2 * self.chunk_bytes + 1024:
            raise DamageError(f"a compressed chunk of {end - start:,} bytes")
        return Where(start, end - start)

    def _step(self) -> bool:
        """Walk one section on; `False` behind the last."""
        if self._over:
            return False
        self._meter.check()
        self._sections += 1
        at = self._at
        description = exact(self._data, at, _DESCRIPTION)
        kind = description[:16].split(b"\0", 1)[0]
        following = self._file * _STRIDE + little(description, 16, 8)
        size = little(description, 24, 8)
        if kind in (b"volume", b"disk"):
            self._volume(at + _DESCRIPTION)
        elif kind == b"sectors":
            self._sectors_end = at + size
        elif kind == b"table":
            self._table(at, size)
        if kind == b"next":
            self._next_file()
            return not self._over
        if kind == b"done":
            self._over = "a chunk that no table names"
        elif following <= at or self._sections > _MOST_SECTIONS:
            raise DamageError("sections that lead nowhere, or in a circle")
        self._at = following
        return True

    def _next_file(self) -> None:
        self._file += 1
        start = self._file * _STRIDE
        head = self._data.read(start, 13)
        if number_of(head) != self._file + 1:
            self._over = (
                f"what is asked for stands in file {self._file + 1:,} of the image, which was not found"
            )
        self._at = start + 13

    def _volume(self, at: int) -> None:
        if self.chunk_bytes:
            return
        fields = exact(self._data, at, 24)
        sectors_each, sector = little(fields, 8, 4), little(fields, 12, 4)
        power(sector, 512, 4096, "sectors")
        self.chunk_bytes = power(sectors_each * sector, 512, 16 << 20, "chunks")
        self.disk_bytes = min(
            little(fields, 16, 8) * sector, little(fields, 4, 4) * self.chunk_bytes, 1 << 50
        )

    def _table(self, at: int, size: int) -> None:
        header = exact(self._data, at + _DESCRIPTION, _TABLE_HEADER)
        count, base = little(header, 0, 4), self._file * _STRIDE + little(header, 8, 8)
        if count > 1 << 22:
            raise DamageError(f"a table of {count:,} chunks")
        entries = Table(self._data, at + _DESCRIPTION + _TABLE_HEADER, count, 4, "little")
        end = self._sectors_end or at + size
        self._groups.append(_Group(self._count, entries, base, end))
        self._count += count
        self._sectors_end = 0
