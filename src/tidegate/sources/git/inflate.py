"""One object's bytes, out of zlib, with nothing believed that was only declared."""

from __future__ import annotations

import zlib

from deflate import DeflateError, zlib_decompress

from tidegate.sources.delta import BrokenError

MAX_LOOSE_HEADER_BYTES = 64


def inflate(data: memoryview | bytes, size: int) -> bytearray | bytes:
    """Return exactly `size` bytes. Raises `BrokenError`: too few, too many, or no zlib stream.

    libdeflate is twice as fast as zlib; what it refuses is tried again with zlib, which has the last word.
    """
    try:
        content: bytearray | bytes = zlib_decompress(data, size)
        if len(content) == size and size:
            return content
    except DeflateError:
        pass
    engine = zlib.decompressobj()
    try:
        content = engine.decompress(data, size + 1)
    except zlib.error as error:
        raise BrokenError("its compressed bytes are damaged") from error
    if len(content) != size or not engine.eof:
        raise BrokenError("its real size is not the one it declares")
    return content


def inflate_prefix(data: memoryview | bytes, limit: int) -> bytes:
    """Return what can be read of a damaged stream, up to `limit` bytes; possibly nothing."""
    engine = zlib.decompressobj()
    found = bytearray()
    for start in range(0, len(data), 4096):
        try:
            found += engine.decompress(data[start : start + 4096], limit - len(found) + 1)
        except zlib.error:
            break
        if engine.eof or len(found) >= limit:
            break
    return bytes(found[:limit])


def read_loose(data: bytes, max_bytes: int) -> tuple[str, bytes | bytearray]:
    """Return type and content of a loose object. Raises `BrokenError`."""
    try:
        head = zlib.decompressobj().decompress(data, MAX_LOOSE_HEADER_BYTES)
    except zlib.error as error:
        raise BrokenError("its compressed bytes are damaged") from error
    header, nul, _ = head.partition(b"\0")
    kind, _, digits = header.partition(b" ")
    if not nul or not digits.isdigit() or kind not in (b"blob", b"tree", b"commit", b"tag"):
        raise BrokenError("it has no object header")
    size = int(digits)
    if size > max_bytes:
        raise BrokenError(f"larger than {max_bytes >> 20} MiB")
    return kind.decode(), inflate(data, len(header) + 1 + size)[len(header) + 1 :]
