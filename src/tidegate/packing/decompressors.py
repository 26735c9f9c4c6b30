"""One manner for every decompressor: pieces in, pieces out, never more at once than asked for."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Final, Protocol

_LZMA_MEMORY: Final = 1 << 28
_GZIP_HEADER_BYTES: Final = 10
_GZIP_TRAILER_BYTES: Final = 8
_LONGEST_GZIP_HEADER_BYTES: Final = 1 << 20


class Decompressor(Protocol):
    """What `bz2`, `lzma` and `compression.zstd` have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Zlib:
    """Gives a `zlib` decompressor the same manner. `bits` as there: 15 zlib, -15 raw."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        """The stream's end was reached."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """Nothing is held back."""
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        """What came behind the end."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes; input that was not used is kept for the next call."""
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


class Gzip:
    """One member of gzip. What it unpacks to is given before its checksum is compared, as readers do.

    Source: RFC 1952. `zlib` itself keeps back what comes with a checksum that is wrong.
    """

    def __init__(self) -> None:
        self._inner = Zlib(-zlib.MAX_WBITS)
        self._head: bytes | None = b""
        """What was fed of the header; `None`: it is over."""
        self._tail = b""
        self._ends = False
        self._crc = self._size = 0
        self.eof = False
        """The member's end was reached, and its checksum is right."""
        self.unused_data = b""
        """What came behind the end."""

    @property
    def needs_input(self) -> bool:
        """Nothing is held back."""
        return (self._inner.needs_input or self._inner.eof) and not self._ends

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes. Raises `zlib.error` on damage, after all that was unpacked."""
        if self._head is not None:
            self._head += data
            length = _gzip_header(self._head)
            if length is None:
                return b""
            data, self._head = self._head[length:], None
        out = b""
        if not self._inner.eof:
            out = self._inner.decompress(data, max_length)
            self._crc, self._size = zlib.crc32(out, self._crc), self._size + len(out)
            data = self._inner.unused_data if self._inner.eof else b""
        if self._inner.eof and not self.eof:
            self._tail += data
            self._ends = len(self._tail) >= _GZIP_TRAILER_BYTES
            if self._ends and not out:
                self._close()
        return out

    def _close(self) -> None:
        trailer = self._crc.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little")
        if not self._tail.startswith(trailer):
            raise zlib.error("incorrect data check")
        self.unused_data, self._tail = self._tail[_GZIP_TRAILER_BYTES:], b""
        self.eof, self._ends = True, False


def _gzip_header(head: bytes) -> int | None:
    """Return the bytes of a member's header; `None`: there must be more. Raises `zlib.error`."""
    if len(head) < _GZIP_HEADER_BYTES:
        return None
    if head[:3] != b"\x1f\x8b\x08":
        raise zlib.error("incorrect header check")
    flags, at = head[3], _GZIP_HEADER_BYTES
    if flags & 4:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    for _ in range((flags >> 3 & 1) + (flags >> 4 & 1)):  # the name, a remark
        end = head.find(b"\0", at)
        if end < 0:
            if len(head) > _LONGEST_GZIP_HEADER_BYTES:
                raise zlib.error("a header without end")
            return None
        at = end + 1
    at += flags & 2
    return at if at <= len(head) else None


class Zstd:
    """`backports.zstd` (Python 3.14: `compression.zstd`), with an error that needs no import to be named."""

    def __init__(self) -> None:
        # One container in a thousand needs it.
        if sys.version_info >= (3, 14):
            from compression import zstd  # noqa: PLC0415
        else:
            from backports import zstd  # noqa: PLC0415
        self._error = zstd.ZstdError
        # Frames that ask for more than 128 MiB of window are refused.
        self._inner = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: 27})

    @property
    def eof(self) -> bool:
        """The frame's end was reached."""
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        """Nothing is held back."""
        return self._inner.needs_input

    @property
    def unused_data(self) -> bytes:
        """What came behind the end."""
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes; input that was not used is kept for the next call."""
        try:
            return self._inner.decompress(data, max_length)
        except self._error as error:
            raise ValueError(str(error)) from None


class Stored:
    """Gives what is stored the manner of a decompressor."""

    eof = False
    needs_input = True
    unused_data = b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: ARG002
        """Return `data`."""
        return data


BY_KIND: Final[dict[str, Callable[[], Decompressor]]] = {
    "gz": Gzip,
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY),
    "zst": Zstd,
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY),
}
"""By the usual ending of a file that is one compressed stream."""
