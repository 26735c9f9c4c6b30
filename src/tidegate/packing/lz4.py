"""LZ4 frames, by an own decoder: no library of the standard reads them, and joblib writes them.

Source: lz4_Frame_format.md 1.6.4 and lz4_Block_format.md of the LZ4 project.
"""

from __future__ import annotations

from typing import Final

MAGIC: Final = b"\x04\x22\x4d\x18"
_HISTORY_BYTES: Final = 1 << 16
_BLOCK_BYTES: Final = {4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22}


class Lz4:
    """One frame, in the manner of the other decompressors. Checksums are not compared."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._out = bytearray()
        self._history = b""
        self._block_bytes = 0
        self._flags = 0
        self.eof = False
        """The frame's end was reached."""
        self.unused_data = b""
        """What came behind the end."""

    @property
    def needs_input(self) -> bool:
        """Nothing is held back."""
        return not self._out and not self.eof

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes. Raises `ValueError` on damage."""
        self._data += data
        # One step further than asked: what is left then tells whether more input is needed.
        while (max_length < 0 or len(self._out) <= max_length) and self._step():
            pass
        count = len(self._out) if max_length < 0 else max_length
        piece = bytes(self._out[:count])
        del self._out[:count]
        if self._ended and not self._out:
            self.eof = True
            self.unused_data = bytes(self._data)
        return piece

    _ended = False

    def _step(self) -> bool:
        """Read the header or one block; `False`: more input is needed, or it is over."""
        if self._ended:
            return False
        if not self._block_bytes:
            return self._header()
        data = self._data
        if len(data) < 4:
            return False
        word = int.from_bytes(data[:4], "little")
        if word == 0:
            after = 4 + (4 if self._flags & 4 else 0)
            if len(data) < after:
                return False
            del data[:after]
            self._ended = True
            return False
        size = word & 0x7FFFFFFF
        after = 4 + size + (4 if self._flags & 0x10 else 0)
        if size > self._block_bytes:
            raise ValueError(f"LZ4 block of {size:,} bytes")
        if len(data) < after:
            return False
        block = bytes(data[4 : 4 + size])
        del data[:after]
        history = b"" if self._flags & 0x20 else self._history
        plain = block if word >> 31 else unpack_block(block, history, self._block_bytes)
        self._out += plain
        self._history = (self._history + plain)[-_HISTORY_BYTES:]
        return True

    def _header(self) -> bool:
        data = self._data
        if len(data) < 7:
            return False
        if data[:4] != MAGIC or data[4] >> 6 != 1:
            raise ValueError("no LZ4 frame of version 1")
        self._flags = data[4]
        size = 7 + (8 if self._flags & 8 else 0) + (4 if self._flags & 1 else 0)
        if len(data) < size:
            return False
        most = _BLOCK_BYTES.get(data[5] >> 4 & 7)
        if most is None:
            raise ValueError("LZ4 frame with a block size that is none")
        self._block_bytes = most
        del data[:size]
        return True


def unpack_block(block: bytes, history: bytes, most: int) -> bytes:
    """Return one block's plain bytes, `most` of them. Raises `ValueError` on damage.

    history: up to 64 KiB that stand before it, for frames whose blocks refer back.
    """
    out = bytearray(history)
    most += len(history)
    at, end = 0, len(block)
    try:
        while at < end:
            token = block[at]
            at += 1
            count = token >> 4
            if count == 15:
                count, at = _longer(block, at, count)
            out += block[at : at + count]
            at += count
            if at >= end:
                break
            distance = block[at] | block[at + 1] << 8
            at += 2
            length = token & 15
            if length == 15:
                length, at = _longer(block, at, length)
            length += 4
            begin = len(out) - distance
            if distance == 0 or begin < 0 or len(out) + length > most:
                raise ValueError("LZ4 block that refers to what is not there")
            if distance >= length:
                out += out[begin : begin + length]
            else:
                out += (out[begin:] * (length // distance + 1))[:length]
    except IndexError:
        raise ValueError("LZ4 block ends early") from None
    if at > end or len(out) > most:
        raise ValueError("LZ4 block that is longer than it may be")
    return bytes(out[len(history) :])


def _longer(block: bytes, at: int, count: int) -> tuple[int, int]:
    while True:
        byte = block[at]
        at += 1
        count += byte
        if byte != 255:
            return count, at
