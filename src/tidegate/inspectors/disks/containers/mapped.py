"""A virtual disk made of blocks that lie anywhere in a file: what the formats have in common."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from tidegate.inspectors.disks.damage import DamageError
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable

_KEPT: Final = 64
"""Inflated blocks; of 64 KiB mostly."""


class Where(NamedTuple):
    """Where one block of the disk stands in the file."""

    offset: int
    """Byte in the file; negative: nowhere, the block is all zeros."""
    packed_bytes: int = 0
    """0: as it is. Else it is compressed, in so many bytes."""


ZERO: Final = Where(-1)


class MappedDisk:
    """Bytes of the virtual disk. Neighbours in the file are read at once."""

    def __init__(
        self,
        data: Readable,
        size_bytes: int,
        block_bytes: int,
        where: Callable[[int], Where],
        meter: Meter,
        inflate: Callable[[bytes, int], bytes] | None = None,
    ) -> None:
        """where: number of a block -> its place. inflate: (packed, most bytes) -> bytes."""
        self._data = data
        self.size_bytes = size_bytes
        self._block = block_bytes
        self._where = where
        self._meter = meter
        self._inflate = inflate or inflate_zlib
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset: int, count: int) -> bytes:
        """Return bytes of the disk; what is not in the file is zero."""
        offset, left = max(offset, 0), max(0, min(count, self.size_bytes - offset))
        pieces: list[bytes] = []
        start, length = -1, 0  # a run in the file that is not read yet; start -1: none, or zeros

        def flush() -> None:
            if length:
                got = self._data.read(start, length) if start >= 0 else b""
                pieces.append(got + bytes(length - len(got)))

        while left:
            self._meter.check()
            number, begin = divmod(offset, self._block)
            part = min(left, self._block - begin)
            place = self._where(number)
            if place.packed_bytes:
                flush()
                start, length = -1, 0
                pieces.append(self._unpacked(number, place)[begin : begin + part])
            elif place.offset < 0:
                if start >= 0:
                    flush()
                    length = 0
                start, length = -1, length + part
            elif start >= 0 and start + length == place.offset + begin:
                length += part
            else:
                flush()
                start, length = place.offset + begin, part
            offset, left = offset + part, left - part
        flush()
        return b"".join(pieces)

    def _unpacked(self, number: int, place: Where) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        block = self._inflate(self._data.read(place.offset, place.packed_bytes), self._block)
        self._meter.inflate(len(block))
        block += bytes(self._block - len(block))
        self._kept[number] = block
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return block


def inflate_zlib(packed: bytes, most: int) -> bytes:
    """Unpack a zlib stream; what stands behind it does not matter."""
    return _inflated(zlib.decompressobj(), packed, most)


def inflate_raw(packed: bytes, most: int) -> bytes:
    """Unpack a deflate stream without a header."""
    return _inflated(zlib.decompressobj(-15), packed, most)


def _inflated(unpacker: zlib._Decompress, packed: bytes, most: int) -> bytes:
    try:
        return unpacker.decompress(packed, most)
    except zlib.error:
        raise DamageError("a compressed block cannot be unpacked") from None


class Table:
    """A table of numbers in the file, read in pieces as they are asked for."""

    def __init__(self, data: Readable, offset: int, count: int, width: int, order: str) -> None:
        """width: bytes a number. order: `little` or `big`."""
        if offset < 0 or offset + count * width > data.size_bytes + 4096:
            raise DamageError(f"a table of {count:,} entries reaches beyond the end")
        self._data, self._offset, self.count, self._width = data, offset, count, width
        self._big = order == "big"
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    _PIECE: Final = 512

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.count:
            raise DamageError(f"entry {index:,} of a table of {self.count:,} is asked for")
        number, at = divmod(index, self._PIECE)
        piece = self._kept.get(number)
        if piece is None:
            size = self._PIECE * self._width
            piece = self._kept[number] = self._data.read(self._offset + number * size, size)
            if len(self._kept) > 256:
                self._kept.popitem(last=False)
        value = piece[at * self._width : (at + 1) * self._width]
        return int.from_bytes(value, "big" if self._big else "little")
