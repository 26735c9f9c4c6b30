"""One manner for every decompressor: pieces in, pieces out, never more at once than asked for."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Final, Protocol

_LZMA_MEMORY: Final = 1 << 28


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
    """Gives a `zlib` decompressor the same manner. `bits` as there: 31 gzip, 15 zlib, -15 raw."""

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
    "gz": lambda: Zlib(31),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=_LZMA_MEMORY),
    "zst": Zstd,
}
"""By the usual ending of a file that is one compressed stream."""
