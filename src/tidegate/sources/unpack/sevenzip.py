"""7z, by an own reader: LZMA, LZMA2, bzip2, deflate, zstd, stored, branch filters; streamed, nothing held.

Source: 7zFormat.txt of the LZMA SDK (public domain).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from tidegate.packing.sevenzip_coders import machine
from tidegate.packing.sevenzip_header import Archive, Folder, parse
from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError
from tidegate.sources.unpack.names import readable
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import inflate

_START: Final = struct.Struct("<6sBBIQQI")
_HEADER_BYTES: Final = 64 << 20
_BRANCH_TAIL: Final = 16
"""A branch filter keeps back the last bytes when the stream in front of it does not say that it ends."""


def open_7z(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the files, in the order of their streams."""
    data = source.take(1 << 62)
    archive = _archive(data, budget)
    files = iter(archive.names)
    number = 0
    for folder in archive.folders:
        stream = Reader(more=_unpacked(data, folder, inner, budget))
        for size in folder.parts:
            budget.member()
            name = next(files, None) or f"stream {number}"
            number += 1
            start = stream.offset
            yield readable(name.encode("utf-8", "replace")), stream.part(size)
            stream.skip(size - (stream.offset - start))


def _archive(data: memoryview, budget: Budget) -> Archive:
    """Read the header, which may itself be packed, and that again."""
    if len(data) < _START.size:
        raise BrokenError("7z ends inside of its first header")
    _, _, _, _, offset, size, _ = _START.unpack_from(data, 0)
    start = _START.size + offset
    header = data[start : start + size]
    if size and len(header) < size:
        raise BrokenError("7z ends before its header, which stands at the end")
    for _ in range(4):
        if size == 0:
            return Archive((), ())
        try:
            archive = parse(header, budget.limits.members)
        except ValueError as error:
            raise BrokenError(str(error)) from None
        if archive.header is None:
            return archive
        reader = Reader(more=_unpacked(data, archive.header, "", budget))
        whole = reader.hold(_HEADER_BYTES)
        if whole is None:
            raise BrokenError(f"7z with a header of more than {_HEADER_BYTES:,} bytes")
        header = whole
    raise BrokenError("7z whose header is packed again and again")


def _unpacked(data: memoryview, folder: Folder, inner: str, budget: Budget) -> Iterator[bytes]:
    """Yield a folder's stream. Damage ends it early, as a gap."""
    produced = 0
    try:
        undo, is_filtered = machine(folder.coders)
        packed = Reader(data[folder.start : folder.start + folder.packed])
        for piece in inflate(packed, undo, budget):
            piece = piece[: folder.size - produced]
            produced += len(piece)
            yield piece
            if produced >= folder.size:
                return
    except ExhaustedError:
        return
    except ValueError as error:
        budget.gap(inner, f"7z stream not read: {error}" if not produced else f"damaged 7z stream: {error}")
        return
    except EOFError:
        pass
    missing = folder.size - produced
    if missing and not (is_filtered and missing <= _BRANCH_TAIL):
        budget.gap(inner, f"7z stream ends early, after {produced:,} bytes")
