"""The headers of a zip: what they claim about its members.

Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from tidegate.sources.unpack.names import readable

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_END64: Final = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64: Final = struct.Struct("<4sIQI")
_FULL: Final = 0xFFFFFFFF
_ENCRYPTED: Final = 1
_DESCRIPTOR: Final = 8
_UTF8: Final = 0x800
_OFFSET_BITS: Final = 48


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as a header describes it. Claims, all of it."""

    offset: int
    """Of the local header."""
    raw_name: bytes
    flags: int
    method: int
    crc: int | None
    """`None`: stated behind the member, and not here."""
    packed: int
    size: int

    @property
    def encrypted(self) -> bool:
        """Whether it says so."""
        return bool(self.flags & _ENCRYPTED)

    @property
    def unsized(self) -> bool:
        """Whether its sizes stand behind it."""
        return bool(self.flags & _DESCRIPTOR) and not self.packed

    @property
    def name(self) -> str:
        """As it is shown."""
        if self.flags & _UTF8 or self.raw_name.isascii():
            return readable(self.raw_name)
        try:
            return readable(self.raw_name.decode("utf-8").encode())
        except UnicodeDecodeError:
            return readable(self.raw_name.decode("cp437").encode())


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the list of members stands, and in which order they lie in the file."""

    start: int
    shift: int
    """What stands before the archive (a program that unpacks itself) moves every offset."""
    keys: list[int]
    """One number an entry, to take little memory: offset of the member, then that of its entry."""
    cut: bool
    """There are more entries than were asked for."""

    def entry(self, data: memoryview, key: int) -> Entry:
        """Return one of `keys` in full."""
        at = key & (1 << _OFFSET_BITS) - 1
        fields = _CENTRAL.unpack_from(data, at)
        flags, method, crc, packed, size = *fields[3:5], *fields[7:10]
        name_at = at + _CENTRAL.size
        extra_at = name_at + fields[10]
        extra = bytes(data[extra_at : extra_at + fields[11]])
        size, packed, offset = _wide(extra, size, packed, fields[16])
        return Entry(offset + self.shift, bytes(data[name_at:extra_at]), flags, method, crc, packed, size)


def local_entry(data: memoryview, offset: int) -> tuple[Entry, int] | None:
    """Return the local header at `offset` and where its content starts, or `None` when there is none."""
    if offset < 0 or offset + _LOCAL.size > len(data):
        return None
    magic, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = _LOCAL.unpack_from(
        data, offset
    )
    if magic != b"PK\x03\x04":
        return None
    name_at = offset + _LOCAL.size
    start = name_at + name_bytes + extra_bytes
    name = bytes(data[name_at : name_at + name_bytes])
    size, packed, _ = _wide(bytes(data[name_at + name_bytes : start]), size, packed, 0)
    stated = None if flags & _DESCRIPTOR and not crc else crc
    return Entry(offset, name, flags, method, stated, packed, size), start


def directory(data: memoryview, most: int) -> Directory | None:
    """Return the directory with at most `most` entries, or `None` when there is none."""
    tail_start = max(0, len(data) - 0xFFFF - _END.size)
    tail = bytes(data[tail_start:])
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        return None
    end = tail_start + at
    _, _, _, _, count, size, offset, _ = _END.unpack_from(data, end)
    if end >= _LOCATOR64.size and bytes(data[end - 20 : end - 16]) == b"PK\x06\x07":
        _, _, end64, _ = _LOCATOR64.unpack_from(data, end - 20)
        # Bytes before the archive move it; then it stands where it would without fields of its own.
        for at64 in (end64, end - _LOCATOR64.size - _END64.size):
            if 0 <= at64 <= end - _END64.size and bytes(data[at64 : at64 + 4]) == b"PK\x06\x06":
                *_, count, size, offset = _END64.unpack_from(data, at64)
                end = at64
                break
    start = end - size
    if start < 0 or (count and bytes(data[start : start + 4]) != b"PK\x01\x02"):
        start = offset
    if count and bytes(data[start : start + 4]) != b"PK\x01\x02":
        return None
    keys, cut = _keys(data, start, end, start - offset, most)
    return Directory(start, start - offset, keys, cut)


def _keys(data: memoryview, at: int, end: int, shift: int, most: int) -> tuple[list[int], bool]:
    """Run over the entries as long as there are any; their stated number is not asked for."""
    keys: list[int] = []
    while at + _CENTRAL.size <= end:
        fields = _CENTRAL.unpack_from(data, at)
        if fields[0] != b"PK\x01\x02":
            break
        if len(keys) == most:
            return sorted(keys), True
        offset, after = fields[16], at + _CENTRAL.size + sum(fields[10:13])
        if offset == _FULL:
            extra_at = at + _CENTRAL.size + fields[10]
            extra = bytes(data[extra_at : extra_at + fields[11]])
            offset = _wide(extra, fields[9], fields[8], offset)[2]
        keys.append(max(offset + shift, 0) << _OFFSET_BITS | at)
        at = after
    return sorted(keys), False


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Take from the zip64 field what does not fit into 32 bits."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            field = extra[at + 4 : at + 4 + length]
            values = iter(int.from_bytes(field[i : i + 8], "little") for i in range(0, len(field) - 7, 8))
            size = next(values, size) if size == _FULL else size
            packed = next(values, packed) if packed == _FULL else packed
            offset = next(values, offset) if offset == _FULL else offset
            break
        at += 4 + length
    return size, packed, offset
