"""The directories of a zip: where they may stand, what they say, and in what they contradict each other.

Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.6; CPython `Lib/zipfile`, which finds the directory by its
size in front of the end record; miniz, as in PyTorch, which takes the stated offset.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import OverBudgetError, Readable
from tidegate.records import dataclass, field

LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
LOCAL_MAGIC: Final = b"PK\x03\x04"
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_END64: Final = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64: Final = struct.Struct("<4sIQI")
_FULL: Final = 0xFFFFFFFF
_UTF8: Final = 0x800
_TAIL_BYTES: Final = 0xFFFF + _END.size
_NEAR_BYTES: Final = 4096
_UNICODE_PATH: Final = 0x7075


@dataclass(frozen=True, slots=True)
class Entry:
    """One member as a directory describes it. Claims, all of it."""

    name: str
    """As Python's zipfile sees it: up to a NUL."""
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    """Of the local header, in the file."""
    other_name: str = ""
    """Another one in the extra field, which some readers take instead."""


@dataclass(slots=True)
class Directory:
    """One list of members."""

    start: int
    stop: int
    """Behind its last entry."""
    shift: int
    """What stands before the archive moves every offset; readers that do not look for it are lost."""
    count: int
    """As stated."""
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """All that can be taken for the directory, the one that most readers take first."""

    directories: list[Directory]
    end: int
    """Of the end record."""
    trailing: int
    """Bytes behind it and its comment."""
    notes: list[str]
    """What contradicts itself, as sentences."""


def find(data: Readable, meter: Meter) -> Found | None:
    """Return what the end of the file says, or `None` when there is no end record.

    Raises `OverBudgetError` when a directory is larger than may be held, and what `data.read` raises.
    """
    size = data.size_bytes
    near = min(size, _NEAR_BYTES)
    tail = data.read(size - near, near)
    if b"PK\x05\x06" not in tail[: len(tail) - _END.size + 4] and size > near:
        near = min(size, _TAIL_BYTES)
        tail = data.read(size - near, near)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and at + _END.size > len(tail):
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        return None
    end = size - near + at
    _, _, _, _, count, length, offset, comment = _END.unpack_from(tail, at)
    notes: list[str] = []
    places = _places(data, end, count, length, offset, notes)
    found: list[Directory] = []
    for start, stop, shift, stated in places:
        if stop - start > meter.budget.directory_bytes:
            raise OverBudgetError(f"its directory has more than {meter.budget.directory_bytes:,} bytes")
        if 0 <= start <= stop and start not in (each.start for each in found):
            found.append(_read(data, start, stop, shift, stated, meter))
    kept = [each for each in found if each.entries] or found[:1]
    return Found(kept, end, max(0, size - end - _END.size - comment), notes)


def _places(
    data: Readable, end: int, count: int, length: int, offset: int, notes: list[str]
) -> list[tuple[int, int, int, int]]:
    """Return (start, stop, shift, count) of each place where a reader may look."""
    places: list[tuple[int, int, int, int]] = []
    locator = data.read(end - _LOCATOR64.size, _LOCATOR64.size) if end >= _LOCATOR64.size else b""
    if locator[:4] == b"PK\x06\x07":
        _, _, stated, _ = _LOCATOR64.unpack(locator)
        for at in dict.fromkeys((stated, end - _LOCATOR64.size - _END64.size)):
            record = data.read(at, _END64.size) if 0 <= at <= end else b""
            if len(record) == _END64.size and record[:4] == b"PK\x06\x06":
                *_, count64, length64, offset64 = _END64.unpack(record)
                places += _both(at, count64, length64, offset64)
                small = ((count, count64, 0xFFFF), (length, length64, _FULL), (offset, offset64, _FULL))
                if any(narrow not in (wide, full) for narrow, wide, full in small):
                    notes.append("its two end records, of 32 and of 64 bits, contradict each other")
                    places += _both(end, count, length, offset)
                break
    return places or _both(end, count, length, offset)


def _both(end: int, count: int, length: int, offset: int) -> list[tuple[int, int, int, int]]:
    """Return the place in front of the end record, and the stated one."""
    before = end - length
    return [(before, end, before - offset, count), (offset, min(offset + length, end), 0, count)]


def _read(data: Readable, start: int, stop: int, shift: int, count: int, meter: Meter) -> Directory:
    """Run over the entries as long as there are any; their stated number is only compared."""
    whole = data.read(start, stop - start)
    found = Directory(start, start, shift, count)
    at = 0
    while at + _CENTRAL.size <= len(whole) and whole[at : at + 4] == b"PK\x01\x02":
        meter.member()
        fields = _CENTRAL.unpack_from(whole, at)
        flags, method, crc, packed, size = *fields[3:5], *fields[7:10]
        name_at = at + _CENTRAL.size
        extra_at = name_at + fields[10]
        after = extra_at + fields[11] + fields[12]
        raw = whole[name_at:extra_at]
        offset, other = fields[16], ""
        if fields[11]:
            extra = whole[extra_at : extra_at + fields[11]]
            size, packed, offset, other = _extra(extra, size, packed, offset, raw)
        found.entries.append(
            Entry(_decoded(raw, flags), raw, flags, method, crc, packed, size, offset + shift, other)
        )
        at = after
    found.stop = start + at
    return found


def _decoded(raw: bytes, flags: int) -> str:
    raw = raw.split(b"\x00", 1)[0]
    text = raw.decode("utf-8", "surrogateescape") if flags & _UTF8 or raw.isascii() else raw.decode("cp437")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _extra(extra: bytes, size: int, packed: int, offset: int, raw: bytes) -> tuple[int, int, int, str]:
    """Take what does not fit into 32 bits, and a second name."""
    at, other = 0, ""
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + length]
        if tag == 1:
            values = iter(int.from_bytes(body[i : i + 8], "little") for i in range(0, len(body) - 7, 8))
            size = next(values, size) if size == _FULL else size
            packed = next(values, packed) if packed == _FULL else packed
            offset = next(values, offset) if offset == _FULL else offset
        elif tag == _UNICODE_PATH and len(body) > 5 and body[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            text = body[5:].decode("utf-8", "replace")
            other = text if text.encode() != raw else ""
        at += 4 + length
    return size, packed, offset, other
