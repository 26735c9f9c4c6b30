"""zip and all that is one: wheels, jars, office documents, apps. Our own reader, which believes no header.

The directory at the end says what should be there; each member is read by its local header, and what the
directory does not name is looked for between the members. Where the two disagree, both are read.
Source: PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import deflate

from tidegate.sources.unpack.limits import Budget, ExhaustedError
from tidegate.sources.unpack.names import readable
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import Decompressor, Zlib, Zstd, inflate

_LOCAL: Final = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END: Final = struct.Struct("<4sHHHHIIH")
_END64: Final = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64: Final = struct.Struct("<4sIQI")
_FULL: Final = 0xFFFFFFFF
_ENCRYPTED: Final = 1
_QUICK_BYTES: Final = 4 << 20
_METHODS: Final = frozenset((0, 8, 9, 12, 14, 93, 95))
_AES: Final = 99


@dataclass(frozen=True, slots=True)
class _Entry:
    """One member as a header describes it. Claims, all of it."""

    offset: int
    """Of the local header."""
    name: bytes
    utf8: bool
    flags: int
    method: int
    crc: int
    packed: int
    size: int


def open_zip(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the members in the order in which they lie in the file."""
    data = source.take(1 << 62)
    yield from _Zip(data, inner, budget).members()


class _Zip:
    def __init__(self, data: memoryview, inner: str, budget: Budget) -> None:
        self.data = data
        self.inner = inner
        self.budget = budget
        self.end = 0
        """Behind the last byte that was read as a member's."""

    def members(self) -> Iterator[tuple[str, Reader]]:
        entries, directory = _directory(self.data, self.budget)
        if directory is None:
            self.budget.gap(self.inner, "zip without a directory: read by its local headers")
        limit = len(self.data) if directory is None else directory
        for entry in sorted(entries, key=lambda e: e.offset):
            if entry.offset < self.end:
                self.gap(entry, "not read: it lies inside of another member")
                continue
            yield from self.hidden(self.end, entry.offset)
            yield from self.member(entry, limit)
        yield from self.hidden(self.end, limit)

    def hidden(self, start: int, stop: int) -> Iterator[tuple[str, Reader]]:
        """Yield members the directory does not name."""
        while (start := _find(self.data, b"PK\x03\x04", start, stop)) >= 0:
            self.budget.member()
            entry = _local(self.data, start)
            if entry is None or entry.method not in _METHODS:
                start += 4
                continue
            self.gap(entry, "tampered container: the zip's directory does not name it")
            yield from self.member(entry, stop)
            start = max(self.end, start + 4)

    def member(self, entry: _Entry, stop: int) -> Iterator[tuple[str, Reader]]:
        """Yield the member; `self.end` stands behind it afterwards. `stop`: where no member can reach."""
        local = _local(self.data, entry.offset)
        if local is None:
            self.gap(entry, f"no local header at byte {entry.offset:,}")
            return
        start = entry.offset + _LOCAL.size + sum(_LOCAL.unpack_from(self.data, entry.offset)[9:])
        self.end = start
        if local.name != entry.name:
            self.gap(entry, f"tampered container: its local header names it {readable(local.name)}")
        if entry.method not in _METHODS:
            encrypted = entry.method == _AES or entry.flags & _ENCRYPTED
            self.gap(entry, "encrypted" if encrypted else f"compression method {entry.method} is not known")
            self.end = min(start + entry.packed, stop)
            return
        name = _label(entry)
        quick = self.quick(entry, start)
        if quick is not None:
            yield name, Reader(quick)
            return
        content = _Content(self, entry, start, max(stop, start))
        yield name, Reader(more=content.pieces())
        self.end = content.stop

    def quick(self, entry: _Entry, start: int) -> bytearray | None:
        """Return the content of a small member that is as its header says, four times as fast as `zlib`."""
        stop = start + entry.packed
        if (
            entry.method != 8
            or entry.flags & _ENCRYPTED
            or entry.size > _QUICK_BYTES
            or stop > len(self.data)
        ):
            return None
        try:
            content: bytearray = deflate.deflate_decompress(self.data[start:stop], entry.size)
        except deflate.DeflateError:
            return None
        if len(content) != entry.size or zlib.crc32(content) != entry.crc:
            return None
        self.budget.spend(entry.size)
        self.end = stop
        return content

    def gap(self, entry: _Entry, reason: str) -> None:
        name = _label(entry)
        self.budget.gap(f"{self.inner}!/{name}" if self.inner else name, reason)


class _Content:
    """Reads one member's bytes, and notes what does not hold."""

    def __init__(self, owner: _Zip, entry: _Entry, start: int, limit: int) -> None:
        self.owner = owner
        self.entry = entry
        self.start = start
        self.limit = limit
        self.stop = min(start + entry.packed, limit)

    def pieces(self) -> Iterator[bytes | memoryview]:
        entry = self.entry
        crc = size = 0
        try:
            for piece in self._stored() if entry.method == 0 else self._packed():
                crc = zlib.crc32(piece, crc)
                size += len(piece)
                yield piece
        except ExhaustedError:
            return
        except EOFError:
            self.gap("encrypted" if entry.flags & _ENCRYPTED else f"ends early, after {size:,} bytes")
        except ValueError as error:
            self.gap("encrypted" if entry.flags & _ENCRYPTED else f"damaged after {size:,} bytes: {error}")
        else:
            self._check(crc, size)

    def _check(self, crc: int, size: int) -> None:
        entry = self.entry
        right = crc == entry.crc
        if entry.flags & _ENCRYPTED:
            self.gap("tampered container: it says encrypted and is not" if right else "encrypted")
        elif not right:
            self.gap("tampered or damaged: its checksum is not the stated one")
        elif size != entry.size:
            self.gap(f"tampered container: stated {entry.size:,} bytes, holds {size:,}")

    def _stored(self) -> Iterator[memoryview]:
        data = self.owner.data[self.start : self.stop]
        self.owner.budget.spend(len(data))
        yield data
        if len(data) < self.entry.packed:
            raise EOFError

    def _packed(self) -> Iterator[bytes]:
        source = Reader(self.owner.data[self.start : self.limit])
        machine = _machine(self.entry.method, source)
        yield from inflate(source, machine, self.owner.budget)
        self.stop = self.start + source.offset

    def gap(self, reason: str) -> None:
        self.owner.gap(self.entry, reason)


def _machine(method: int, source: Reader) -> Decompressor:
    if method == 8:
        return Zlib(-15)
    if method == 12:
        return bz2.BZ2Decompressor()
    if method == 93:
        return Zstd()
    if method == 95:
        return lzma.LZMADecompressor(memlimit=1 << 28)
    if method == 14:
        return _lzma(source)
    raise ValueError(f"compression method {method} is not read")


def _lzma(source: Reader) -> Decompressor:
    """Make one for a raw stream, which stands behind two bytes of version, two of length, and properties."""
    head = bytes(source.take(4))
    if len(head) < 4 or head[2] != 5 or head[3]:
        raise ValueError("LZMA properties that are none")
    props = source.take(5)
    if len(props) < 5 or props[0] >= 225:
        raise ValueError("LZMA properties that are none")
    dictionary = int.from_bytes(props[1:5], "little")
    lclppb = props[0]
    if dictionary > 1 << 28:
        raise ValueError(f"LZMA dictionary of {dictionary:,} bytes")
    chain = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": max(dictionary, 4096),
            "lc": lclppb % 9,
            "lp": lclppb // 9 % 5,
            "pb": lclppb // 45,
        }
    ]
    return lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=chain)


def _label(entry: _Entry) -> str:
    if entry.utf8 or entry.name.isascii():
        return readable(entry.name)
    try:
        return readable(entry.name.decode("utf-8").encode())
    except UnicodeDecodeError:
        return readable(entry.name.decode("cp437").encode())


def _find(data: memoryview, what: bytes, start: int, stop: int) -> int:
    """`bytes.find` without a copy of everything."""
    step = 1 << 20
    while start < stop:
        block = bytes(data[start : min(start + step + len(what) - 1, stop)])
        at = block.find(what)
        if at >= 0:
            return start + at
        start += step
    return -1


def _local(data: memoryview, offset: int) -> _Entry | None:
    if offset < 0 or offset + _LOCAL.size > len(data):
        return None
    magic, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = _LOCAL.unpack_from(
        data, offset
    )
    if magic != b"PK\x03\x04":
        return None
    at = offset + _LOCAL.size
    name = bytes(data[at : at + name_bytes])
    extra = bytes(data[at + name_bytes : at + name_bytes + extra_bytes])
    size, packed, _ = _wide(extra, size, packed, 0)
    return _Entry(offset, name, bool(flags & 0x800), flags, method, crc, packed, size)


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


def _directory(data: memoryview, budget: Budget) -> tuple[list[_Entry], int | None]:
    """Return what the directory names, and where it starts; `None` when there is none."""
    tail_start = max(0, len(data) - 65557 - 20 - 56)
    tail = bytes(data[tail_start:])
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        return [], None
    end = tail_start + at
    _, _, _, _, count, size, offset, _ = _END.unpack_from(data, end)
    if end >= 20 and bytes(data[end - 20 : end - 16]) == b"PK\x06\x07":
        _, _, end64, _ = _LOCATOR64.unpack_from(data, end - 20)
        if end64 + _END64.size <= end and bytes(data[end64 : end64 + 4]) == b"PK\x06\x06":
            *_, count, size, offset = _END64.unpack_from(data, end64)
            end = end64
    start = end - size
    if start < 0 or (count and bytes(data[start : start + 4]) != b"PK\x01\x02"):
        start = offset
    if count and bytes(data[start : start + 4]) != b"PK\x01\x02":
        return [], None
    # What stands before the archive (a program that unpacks itself) moves every offset.
    return list(_central(data, start, end, start - offset, budget)), start


def _central(data: memoryview, at: int, end: int, shift: int, budget: Budget) -> Iterator[_Entry]:
    """Read entries as long as there are any; their stated number is not asked for."""
    while at + _CENTRAL.size <= end and bytes(data[at : at + 4]) == b"PK\x01\x02":
        budget.member()
        fields = _CENTRAL.unpack_from(data, at)
        flags, method, crc, packed, size, name_bytes, extra_bytes, comment_bytes = (
            *fields[3:5],
            *fields[7:13],
        )
        offset = fields[16]
        name_at = at + _CENTRAL.size
        name = bytes(data[name_at : name_at + name_bytes])
        extra = bytes(data[name_at + name_bytes : name_at + name_bytes + extra_bytes])
        size, packed, offset = _wide(extra, size, packed, offset)
        yield _Entry(offset + shift, name, bool(flags & 0x800), flags, method, crc, packed, size)
        at = name_at + name_bytes + extra_bytes + comment_bytes
