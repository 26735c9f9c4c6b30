"""Compressed streams that are a whole file: which they are, and what they unpack to."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from tidegate.inspectors.containers.inflated import unpack
from tidegate.inspectors.meter import Meter
from tidegate.inspectors.readable import Readable
from tidegate.packing.decompressors import BY_KIND, Decompressor, Zlib
from tidegate.packing.lz4 import MAGIC as LZ4_MAGIC
from tidegate.packing.lz4 import Lz4
from tidegate.records import dataclass

_TRIED_BYTES: Final = 64
_LZMA_MEMORY: Final = 1 << 28


@dataclass(frozen=True, slots=True)
class Compression:
    """One way of compressing a whole file."""

    id: str
    make: Callable[[], Decompressor]
    magic: bytes
    skipped: int = 0
    """Bytes before the stream."""
    several: bool = True
    """Readers go on with a second stream behind the first."""
    tried: bool = False
    """Its first bytes say so little that unpacking some must tell."""


COMPRESSIONS: Final = (
    Compression("gzip", BY_KIND["gz"], b"\x1f\x8b\x08"),
    Compression("bzip2", BY_KIND["bz2"], b"BZh", tried=True),
    Compression("xz", BY_KIND["xz"], b"\xfd7zXZ\x00"),
    Compression("zstd", BY_KIND["zst"], b"\x28\xb5\x2f\xfd"),
    Compression("lz4", Lz4, LZ4_MAGIC),
    # joblib before 0.10: "ZF", the length in hexadecimal in 19 bytes, then zlib.
    Compression("zlib_file", lambda: Zlib(15), b"ZF0x", skipped=21, several=False),
    Compression("zlib", lambda: Zlib(15), b"\x78", several=False, tried=True),
    Compression(
        "lzma",
        lambda: lzma.LZMADecompressor(format=lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY),
        b"\x5d\x00",
        tried=True,
    ),
)


def compression(head: bytes) -> Compression | None:
    """Return how a file with this head is compressed."""
    for each in COMPRESSIONS:
        if head.startswith(each.magic) and (not each.tried or _opens(each, head)):
            return each
    return None


def _opens(each: Compression, head: bytes) -> bool:
    machine = each.make()
    try:
        # bzip2 gives nothing before a block is whole, which may be longer than the head.
        return bool(machine.decompress(head, _TRIED_BYTES)) or machine.eof or each.id == "bzip2"
    except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError, MemoryError):
        return False


class Streams:
    """The streams of one file, joined."""

    def __init__(self, data: Readable, kind: Compression, meter: Meter) -> None:
        self._data = data
        self._kind = kind
        self._meter = meter
        self.end = 0
        """Behind the last stream that was unpacked."""
        self.count = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield what they unpack to. Raises as `unpack` does."""
        at, stop = self._kind.skipped, self._data.size_bytes
        while True:
            at = yield from unpack(self._data, at, stop, self._kind.make(), self._meter)
            self.end, self.count = at, self.count + 1
            if not self._kind.several:
                return
            head = self._data.read(at, max(0, min(4096, stop - at)))
            if not head.startswith(self._kind.magic) or (self._kind.tried and not _opens(self._kind, head)):
                return
