"""DMG, of Apple: pieces of a disk, packed one by one; what they are packed with stands in a property list.

Source: no specification is published; Vu, "Demystifying the DMG File Format", and files that hdiutil writes.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import lzma
import re
from bisect import bisect_right
from collections import OrderedDict
from typing import Final, NamedTuple

from tidegate.inspectors.disks.containers.mapped import inflate_zlib
from tidegate.inspectors.disks.containers.opened import Opened
from tidegate.inspectors.disks.damage import MIB, DamageError, big, exact
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable
from tidegate.packing.lzfse import unpack_adc, unpack_lzfse

_TRAILER: Final = 512
_MOST_LIST_BYTES: Final = 16 * MIB
_MOST_PIECES: Final = 1 << 20
_MOST_PIECE_BYTES: Final = 8 * MIB
_KEPT: Final = 16
_TABLES: Final = re.compile(rb"<key>blkx</key>\s*<array>(.*?)</array>", re.DOTALL)
_TABLE: Final = re.compile(rb"<data>([A-Za-z0-9+/=\s]*)</data>")
_ZERO, _RAW, _IGNORED = 0, 1, 2
_ADC, _ZLIB, _BZIP2, _LZFSE, _LZMA = 0x80000004, 0x80000005, 0x80000006, 0x80000007, 0x80000008
_COMMENT, _END = 0x7FFFFFFE, 0xFFFFFFFF


class _Piece(NamedTuple):
    start: int
    """Byte of the disk."""
    length: int
    form: int
    offset: int
    """Byte of the file."""
    packed_bytes: int


def opens(head: bytes, tail: bytes) -> bool:
    """Tell it by the mark of its last 512 bytes."""
    del head
    return tail[-_TRAILER:].startswith(b"koly\x00\x00\x00\x04")


def open_disk(data: Readable, meter: Meter) -> Opened:
    """Return the virtual disk. Raises `DamageError`."""
    trailer = exact(data, data.size_bytes - _TRAILER, _TRAILER)
    at, length = big(trailer, 216, 8), big(trailer, 224, 8)
    if not 0 < length <= _MOST_LIST_BYTES:
        raise DamageError(f"a DMG whose list of pieces has {length:,} bytes")
    found = _TABLES.search(exact(data, at, length))
    pieces = _pieces(found[1] if found else b"", big(trailer, 24, 8))
    size = max((piece.start + piece.length for piece in pieces), default=0)
    return Opened("DMG", Pieces(data, sorted(pieces), size, meter))


def _pieces(text: bytes, base: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    for found in _TABLE.finditer(text):
        try:
            table = base64.b64decode(b"".join(found[1].split()), validate=True)
        except (binascii.Error, ValueError):
            raise DamageError("a DMG whose list of pieces is damaged") from None
        if not table.startswith(b"mish"):
            raise DamageError("a DMG whose list of pieces is damaged")
        first, offset = big(table, 8, 8) * 512, base + big(table, 24, 8)
        for at in range(204, min(len(table), 204 + 40 * big(table, 200, 4)) - 39, 40):
            form, start, length = big(table, at, 4), big(table, at + 8, 8) * 512, big(table, at + 16, 8) * 512
            if form in (_COMMENT, _END) or not length:
                continue
            if first + start + length > 1 << 50 or len(pieces) >= _MOST_PIECES:
                raise DamageError("a DMG of impossible pieces")
            place, packed = offset + big(table, at + 24, 8), big(table, at + 32, 8)
            pieces.append(_Piece(first + start, length, form, place, packed))
    return pieces


class Pieces:
    """Bytes of the disk; a piece that was unpacked is kept for a while."""

    def __init__(self, data: Readable, pieces: list[_Piece], size_bytes: int, meter: Meter) -> None:
        """pieces: in order of the disk; what lies between them is zero."""
        self._data, self._pieces, self._meter = data, pieces, meter
        self._starts = [piece.start for piece in pieces]
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self.size_bytes = size_bytes

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the disk."""
        offset, left = max(offset, 0), max(0, min(count, self.size_bytes - offset))
        parts: list[bytes] = []
        while left:
            self._meter.check()
            number = bisect_right(self._starts, offset) - 1
            piece = self._pieces[number] if number >= 0 else None
            if piece is None or offset >= piece.start + piece.length:
                following = self._starts[number + 1] if number + 1 < len(self._starts) else self.size_bytes
                part = min(left, following - offset)
                parts.append(bytes(part))
            else:
                begin = offset - piece.start
                part = min(left, piece.length - begin)
                parts.append(self._part(number, piece, begin, part))
            offset, left = offset + part, left - part
        return b"".join(parts)

    def _part(self, number: int, piece: _Piece, begin: int, count: int) -> bytes:
        if piece.form in (_ZERO, _IGNORED):
            return bytes(count)
        if piece.form == _RAW:
            got = self._data.read(piece.offset + begin, min(count, max(0, piece.packed_bytes - begin)))
            return got + bytes(count - len(got))
        return self._unpacked(number, piece)[begin : begin + count]

    def _unpacked(self, number: int, piece: _Piece) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        if piece.length > _MOST_PIECE_BYTES or piece.packed_bytes > 2 * _MOST_PIECE_BYTES:
            raise DamageError(f"a piece of a DMG of {piece.length:,} bytes")
        block = _unpack(piece.form, exact(self._data, piece.offset, piece.packed_bytes), piece.length)
        self._meter.inflate(len(block))
        block += bytes(piece.length - len(block))
        self._kept[number] = block
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return block


def _unpack(form: int, packed: bytes, most: int) -> bytes:
    try:
        if form == _ZLIB:
            return inflate_zlib(packed, most)
        if form == _BZIP2:
            return bz2.BZ2Decompressor().decompress(packed, most)
        if form == _LZMA:
            return lzma.LZMADecompressor(memlimit=64 * MIB).decompress(packed, most)
        if form == _LZFSE:
            return unpack_lzfse(packed, most)
        if form == _ADC:
            return unpack_adc(packed, most)
    except (OSError, ValueError, EOFError, lzma.LZMAError):
        raise DamageError("a compressed piece cannot be unpacked") from None
    raise DamageError(f"a DMG packed in form {form:#x}, which is not unpacked")
