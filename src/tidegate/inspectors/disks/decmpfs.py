"""Files that HFS+ and APFS have compressed: an attribute says how, what is long lies in the resource fork.

Mostly the system's own files are. LZBITMAP is named and not read.
Source: Apple, xnu, `bsd/sys/decmpfs.h`; libfsapfs, "Compressed data", on the form of blocks in the fork.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from tidegate.inspectors.disks.damage import DamageError, big, exact, little
from tidegate.inspectors.readable import Memory, Readable
from tidegate.packing.lzfse import unpack_lzfse, unpack_lzvn

ATTRIBUTE: Final = "com.apple.decmpfs"
FORK: Final = "com.apple.ResourceFork"
MOST_BYTES: Final = 64 << 10
"""Of the attribute itself: Apple's stay below 4 KiB."""
_MAGIC: Final = b"fpmc"
_BLOCK: Final = 64 << 10
_MOST_BLOCKS: Final = 1 << 20
_NAMES: Final = {13: "LZBITMAP", 14: "LZBITMAP"}
_UNPACK: Final = {7: unpack_lzvn, 8: unpack_lzvn, 11: unpack_lzfse, 12: unpack_lzfse}
_LZVN_AS_IT_IS: Final = 6
"""First byte of a block that was not worth packing: the opcode of an end."""


def open_packed(attribute: bytes, fork: Callable[[], Readable]) -> Readable:
    """Return the bytes of such a file. fork: opens its resource fork. Raises `DamageError`."""
    if attribute[:4] != _MAGIC or len(attribute) < 16:
        raise DamageError("a compressed file without the attribute that says how")
    form, size = little(attribute, 4, 4), little(attribute, 8, 8)
    inside = attribute[16:]
    if form in (1, 9):
        return Memory(inside[form // 9 :][:size])
    if form == 3:
        return Memory(_block(inside, min(size, MOST_BYTES)))
    if form == 4:
        return _Blocks(fork(), size)
    if form in (7, 11):
        return Memory(_other(form, inside, min(size, MOST_BYTES)))
    if form in (8, 12):
        return _Blocks(fork(), size, form)
    raise DamageError(f"a file that the file system has compressed ({_NAMES.get(form, f'form {form:,}')})")


class _Blocks:
    """The blocks of a resource fork, each of 64 KiB once unpacked; the last one is kept."""

    def __init__(self, fork: Readable, size_bytes: int, form: int = 4) -> None:
        self._fork, self.size_bytes, self._form = fork, size_bytes, form
        self._last = -1, b""
        if form in _UNPACK:
            # Offsets alone, the first of them the length of their list.
            if little(exact(fork, 0, 4), 0, 4) // 4 - 1 < -(-size_bytes // _BLOCK):
                raise DamageError("a compressed file with too few blocks")
            return
        self._at = big(exact(fork, 0, 16), 0, 4) + 4
        count = little(exact(fork, self._at, 4), 0, 4)
        if count > _MOST_BLOCKS or count < -(-size_bytes // _BLOCK):
            raise DamageError(f"a compressed file of {count:,} blocks")

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the file."""
        offset = max(offset, 0)
        stop = min(offset + max(count, 0), self.size_bytes)
        made = []
        while offset < stop:
            number, begin = divmod(offset, _BLOCK)
            part = self._unpacked(number)[begin : begin + stop - offset]
            if not part:
                raise DamageError("a compressed file that ends early")
            made.append(part)
            offset += len(part)
        return b"".join(made)

    def _unpacked(self, number: int) -> bytes:
        if self._last[0] != number:
            self._last = number, self._block(number)
        return self._last[1]

    def _block(self, number: int) -> bytes:
        if self._form in _UNPACK:
            row = exact(self._fork, 4 * number, 8)
            start, length = little(row, 0, 4), little(row, 4, 4) - little(row, 0, 4)
        else:
            row = exact(self._fork, self._at + 4 + 8 * number, 8)
            start, length = self._at + little(row, 0, 4), little(row, 4, 4)
        if not 0 <= length <= 2 * _BLOCK:
            raise DamageError(f"a compressed block of {length:,} bytes")
        raw = exact(self._fork, start, length)
        return _other(self._form, raw, _BLOCK) if self._form in _UNPACK else _block(raw, _BLOCK)


def _other(form: int, raw: bytes, size: int) -> bytes:
    if raw[:1] and raw[0] == _LZVN_AS_IT_IS and _UNPACK[form] is unpack_lzvn:
        return raw[1 : 1 + size]
    try:
        return _UNPACK[form](raw, size)
    except ValueError as error:
        raise DamageError(f"a compressed block that cannot be unpacked: {error}") from None


def _block(raw: bytes, size: int) -> bytes:
    """Unpack a block; one that begins with 0xF in its lower half was not worth packing."""
    if raw[:1] and raw[0] & 15 == 15:
        return raw[1 : 1 + size]
    try:
        return zlib.decompressobj().decompress(raw, size)
    except zlib.error as error:
        raise DamageError(f"a compressed block that cannot be unpacked: {error}") from None
