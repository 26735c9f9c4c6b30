"""Files that HFS+ and APFS have compressed: an attribute says how, what is long lies in the resource fork.

Mostly the system's own files are. LZVN and LZFSE are named and not read.
Source: Apple, xnu, `bsd/sys/decmpfs.h`; libfsapfs, "Compressed data", on the form of blocks in the fork.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from tidegate.inspectors.disks.damage import DamageError, big, exact, little
from tidegate.inspectors.readable import Memory, Readable

ATTRIBUTE: Final = "com.apple.decmpfs"
FORK: Final = "com.apple.ResourceFork"
MOST_BYTES: Final = 64 << 10
"""Of the attribute itself: Apple's stay below 4 KiB."""
_MAGIC: Final = b"fpmc"
_BLOCK: Final = 64 << 10
_MOST_BLOCKS: Final = 1 << 20
_NAMES: Final = {7: "LZVN", 8: "LZVN", 11: "LZFSE", 12: "LZFSE", 13: "LZBITMAP", 14: "LZBITMAP"}


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
    raise DamageError(f"a file that the file system has compressed ({_NAMES.get(form, f'form {form:,}')})")


class _Blocks:
    """The blocks of a resource fork, each of 64 KiB once unpacked; the last one is kept."""

    def __init__(self, fork: Readable, size_bytes: int) -> None:
        self._fork, self.size_bytes = fork, size_bytes
        self._at = big(exact(fork, 0, 16), 0, 4) + 4
        count = little(exact(fork, self._at, 4), 0, 4)
        if count > _MOST_BLOCKS or count < -(-size_bytes // _BLOCK):
            raise DamageError(f"a compressed file of {count:,} blocks")
        self._last = -1, b""

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
            row = exact(self._fork, self._at + 4 + 8 * number, 8)
            start, length = little(row, 0, 4), little(row, 4, 4)
            if length > 2 * _BLOCK:
                raise DamageError(f"a compressed block of {length:,} bytes")
            self._last = number, _block(exact(self._fork, self._at + start, length), _BLOCK)
        return self._last[1]


def _block(raw: bytes, size: int) -> bytes:
    """Unpack a block; one that begins with 0xF in its lower half was not worth packing."""
    if raw[:1] and raw[0] & 15 == 15:
        return raw[1 : 1 + size]
    try:
        return zlib.decompressobj().decompress(raw, size)
    except zlib.error as error:
        raise DamageError(f"a compressed block that cannot be unpacked: {error}") from None
