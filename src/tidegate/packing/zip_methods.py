"""What undoes the compression methods of a zip.

Source: PKWARE APPNOTE 6.3.10, sections 4.4.5 and 5.8.
"""

from __future__ import annotations

import bz2
import lzma
from typing import Final

from tidegate.packing.decompressors import Decompressor, Stored, Zlib, Zstd

METHODS: Final = frozenset((0, 8, 12, 14, 93, 95))
"""Those that are read: stored, deflate, bzip2, LZMA, zstd, xz."""
LZMA_HEAD_BYTES: Final = 9
"""Version (2), length of the properties (2), properties (5): they stand before a raw LZMA stream."""
_LZMA_MEMORY: Final = 1 << 28


def machine(method: int, head: bytes) -> tuple[Decompressor, int]:
    """Return what undoes one of `METHODS`, and how many of the content's first bytes are not for it.

    head: the first `LZMA_HEAD_BYTES`. Raises `ValueError` when they are not what the method needs.
    """
    if method == 0:
        return Stored(), 0
    if method == 8:
        return Zlib(-15), 0
    if method == 12:
        return bz2.BZ2Decompressor(), 0
    if method == 93:
        return Zstd(), 0
    if method == 95:
        return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY), 0
    return _lzma(head), LZMA_HEAD_BYTES


def _lzma(head: bytes) -> Decompressor:
    props = head[4:]
    if len(props) < 5 or head[2:4] != b"\x05\x00" or props[0] >= 225:
        raise ValueError("LZMA properties that are none")
    dictionary = int.from_bytes(props[1:], "little")
    if dictionary > _LZMA_MEMORY:
        raise ValueError(f"LZMA dictionary of {dictionary:,} bytes")
    size = max(dictionary, 4096)
    lc, lp, pb = props[0] % 9, props[0] // 9 % 5, props[0] // 45
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": lc, "lp": lp, "pb": pb}]
    return lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=chain)
