"""One object's bytes, out of zlib, with nothing believed that was only declared."""

from __future__ import annotations

import zlib

from deflate import DeflateError, zlib_decompress

from tidegate.sources.delta import BrokenError

MAX_LOOSE_HEADER_BYTES = 64
_SHORT_BYTES = 512
"""Deflated. From about 1,000 on libdeflate is as fast in the fixed code as well; so few cannot be a bomb."""
_CODE, _FIXED = 0b110, 0b010
"""Of the first byte behind zlib's header. Source: RFC 1951, 3.2.3."""


def inflate(data: memoryview | bytes, size: int) -> bytes:
    """Return exactly `size` bytes. Raises `BrokenError`: too few, too many, or no zlib stream.

    libdeflate is twice as fast as zlib, but makes the tables of the fixed code anew each time: of short
    streams in that code, a third of all objects, zlib has four while it has one. What the chosen one refuses
    is tried again with zlib, in a way that bounds it, which has the last word.
    """
    try:
        if len(data) <= _SHORT_BYTES and data[2] & _CODE == _FIXED:
            # One byte more than it wants: else it asks for more room to see that there is nothing more.
            content = zlib.decompress(data, zlib.MAX_WBITS, size + 1)
        else:
            content = bytes(zlib_decompress(data, size))
        if len(content) == size and size:
            return content
    except (DeflateError, zlib.error, IndexError):
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


def read_loose(data: bytes, max_bytes: int) -> tuple[str, bytes]:
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
