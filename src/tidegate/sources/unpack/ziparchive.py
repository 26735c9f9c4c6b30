"""zip and all that is one: wheels, jars, office documents, apps. Our own reader, which believes no header.

The directory at the end says what should be there; each member is read by its local header, and what the
directory does not name is looked for between the members. Where the two disagree, both are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import deflate

from tidegate.packing.zip_methods import LZMA_HEAD_BYTES, METHODS, machine
from tidegate.sources.unpack.limits import Budget, ExhaustedError
from tidegate.sources.unpack.names import readable
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import inflate
from tidegate.sources.unpack.zipheaders import Entry, directory, local_entry

_QUICK_BYTES: Final = 4 << 20
_UNREAD: Final = {1: "shrink", 6: "implode", 9: "deflate64", 98: "PPMd"}
_AES: Final = 99
_HEADER: Final = b"PK\x03\x04"


def open_zip(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the members in the order in which they lie in the file."""
    yield from _Zip(source.take(1 << 62), inner, budget).members()


class _Zip:
    def __init__(self, data: memoryview, inner: str, budget: Budget) -> None:
        self.data = data
        self.inner = inner
        self.budget = budget
        self.end = 0
        """Behind the last byte that was read as a member's."""
        self.listed = True

    def members(self) -> Iterator[tuple[str, Reader]]:
        """Yield those of the directory, and between them those it leaves out."""
        known = directory(self.data, self.budget.limits.members)
        if known is None:
            self.listed = False
            self.budget.gap(self.inner, "zip without a directory: read by its local headers")
            yield from self.hidden(0, len(self.data))
            return
        for key in known.keys:
            self.budget.member()
            entry = known.entry(self.data, key)
            if entry.offset < self.end:
                self.gap(entry, "not read: it lies inside of another member")
                continue
            if entry.offset > self.end:
                yield from self.hidden(self.end, min(entry.offset, known.start))
            yield from self.member(entry, known.start)
        if known.cut:
            self.budget.member()
        yield from self.hidden(self.end, known.start)

    def hidden(self, start: int, stop: int) -> Iterator[tuple[str, Reader]]:
        """Yield members the directory does not name."""
        while (start := _find(self.data, _HEADER, start, stop)) >= 0:
            self.budget.member()
            local = local_entry(self.data, start)
            # Neither name nor content: the constant of a program that the archive stands behind.
            if local is None or local[0].method not in METHODS or not (local[0].raw_name or local[0].packed):
                start += 4
                continue
            entry, content = local
            if self.listed:
                self.gap(entry, "tampered container: the zip's directory does not name it")
            if entry.method == 0 and entry.unsized:
                after = [_find(self.data, sign, content, stop) for sign in (b"PK\x07\x08", _HEADER)]
                entry = replace(entry, packed=min((at for at in after if at >= 0), default=stop) - content)
            yield from self.member(entry, stop)
            start = max(self.end, start + 4)

    def member(self, entry: Entry, stop: int) -> Iterator[tuple[str, Reader]]:
        """Yield the member; `self.end` stands behind it afterwards. `stop`: where no member can reach."""
        local = local_entry(self.data, entry.offset)
        if local is None:
            self.gap(entry, f"no local header at byte {entry.offset:,}")
            return
        twin, start = local
        self.end = start
        if twin.raw_name != entry.raw_name:
            self.gap(entry, f"tampered container: its local header names it {readable(twin.raw_name)}")
        if entry.method not in METHODS:
            method = _UNREAD.get(entry.method, f"method {entry.method}")
            self.gap(
                entry, "encrypted" if entry.method == _AES else f"compressed by {method}, which is not read"
            )
            self.end = min(start + entry.packed, stop)
            return
        quick = self.quick(entry, start)
        if quick is not None:
            yield entry.name, Reader(quick)
            return
        content = _Content(self, entry, start, max(stop, start))
        yield entry.name, Reader(more=content.pieces())
        self.end = content.stop

    def quick(self, entry: Entry, start: int) -> bytearray | None:
        """Return the content of a small member that is as its header says, four times as fast as `zlib`."""
        stop = start + entry.packed
        if entry.method != 8 or entry.encrypted or entry.size > _QUICK_BYTES or stop > len(self.data):
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

    def gap(self, entry: Entry, reason: str) -> None:
        """Note a gap at a member."""
        self.budget.gap(f"{self.inner}!/{entry.name}" if self.inner else entry.name, reason)


class _Content:
    """Reads one member's bytes, and notes what does not hold."""

    def __init__(self, owner: _Zip, entry: Entry, start: int, limit: int) -> None:
        self.owner = owner
        self.entry = entry
        self.start = start
        self.limit = limit
        self.stop = min(start + entry.packed, limit)

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Yield the content. Damage ends it early, as a gap."""
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
            self._gap("encrypted" if entry.encrypted else f"ends early, after {size:,} bytes")
        except ValueError as error:
            self._gap("encrypted" if entry.encrypted else f"damaged after {size:,} bytes: {error}")
        else:
            self._check(crc, size)

    def _check(self, crc: int, size: int) -> None:
        entry = self.entry
        right = crc == entry.crc
        if entry.encrypted:
            self._gap("tampered container: it says encrypted and is not" if right else "encrypted")
        elif entry.crc is None:
            return
        elif not right:
            self._gap("tampered or damaged: its checksum is not the stated one")
        elif size != entry.size:
            self._gap(f"tampered container: stated {entry.size:,} bytes, holds {size:,}")

    def _stored(self) -> Iterator[memoryview]:
        data = self.owner.data[self.start : self.stop]
        self.owner.budget.spend(len(data))
        yield data
        if len(data) < self.entry.packed:
            raise EOFError

    def _packed(self) -> Iterator[bytes]:
        # Up to the next member, not to the stated end: the stream itself knows better where it ends.
        source = Reader(self.owner.data[self.start : self.limit])
        undo, properties = machine(self.entry.method, bytes(source.peek(LZMA_HEAD_BYTES)))
        source.skip(properties)
        yield from inflate(source, undo, self.owner.budget)
        self.stop = self.start + source.offset

    def _gap(self, reason: str) -> None:
        self.owner.gap(self.entry, reason)


def _find(data: memoryview, what: bytes, start: int, stop: int) -> int:
    """Find like `bytes.find`, without a copy of everything."""
    step = 1 << 20
    while start < stop:
        at = bytes(data[start : min(start + step + len(what) - 1, stop)]).find(what)
        if at >= 0:
            return start + at
        start += step
    return -1
