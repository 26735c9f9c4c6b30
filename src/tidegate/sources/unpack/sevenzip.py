"""7z, by an own reader: LZMA, LZMA2, bzip2, deflate, zstd, stored, branch filters; streamed, nothing held.

Source: 7zFormat.txt of the LZMA SDK (public domain).
"""

from __future__ import annotations

import bz2
import lzma
import struct
from collections.abc import Iterator
from typing import Final

from tidegate.sources.unpack.limits import BrokenError, Budget, ExhaustedError
from tidegate.sources.unpack.names import readable
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.sevenzip_header import Archive, Coder, Folder, parse
from tidegate.sources.unpack.streams import Decompressor, Zlib, Zstd, inflate

_START: Final = struct.Struct("<6sBBIQQI")
_HEADER_BYTES: Final = 64 << 20
_DICTIONARY_BYTES: Final = 1 << 28
_LZMA: Final = b"\x03\x01\x01"
_LZMA2: Final = b"\x21"
_AES: Final = b"\x06\xf1\x07\x01"
_COPY: Final = b"\x00"
_BRANCH: Final = {
    b"\x03\x03\x01\x03": lzma.FILTER_X86,
    b"\x04": lzma.FILTER_X86,
    b"\x03\x03\x02\x05": lzma.FILTER_POWERPC,
    b"\x05": lzma.FILTER_POWERPC,
    b"\x03\x03\x05\x01": lzma.FILTER_ARM,
    b"\x07": lzma.FILTER_ARM,
    b"\x03\x03\x07\x01": lzma.FILTER_ARMTHUMB,
    b"\x08": lzma.FILTER_ARMTHUMB,
    b"\x03\x03\x08\x05": lzma.FILTER_SPARC,
    b"\x09": lzma.FILTER_SPARC,
}
_BRANCH_TAIL: Final = 16
"""A branch filter keeps back the last bytes when the stream in front of it does not say that it ends."""


class _Stored:
    """Gives what is stored the manner of a decompressor."""

    eof = False
    needs_input = True
    unused_data = b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:  # noqa: ARG002
        """Return `data`."""
        return data


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
        archive = parse(header, budget.limits.members)
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
        machine, is_filtered = _machine(folder.coders)
        packed = Reader(data[folder.start : folder.start + folder.packed])
        for piece in inflate(packed, machine, budget):
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


def _machine(coders: tuple[Coder, ...]) -> tuple[Decompressor, bool]:
    """Return what undoes the coders, which stand first to last, and whether a filter is among them."""
    if any(coder.id == _AES for coder in coders):
        raise ValueError("encrypted")
    first, rest = coders[0], coders[1:]
    branches = []
    for coder in rest:
        if coder.id not in _BRANCH and coder.id != b"\x03":
            raise ValueError(f"coder {coder.id.hex()} is not known")
        if coder.id == b"\x03":
            branches.append({"id": lzma.FILTER_DELTA, "dist": (coder.properties[:1] or b"\x00")[0] + 1})
        else:
            branches.append({"id": _BRANCH[coder.id]})
    if first.id in (_LZMA, _LZMA2):
        chain = [*reversed(branches), _lzma(first)]
        return lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=chain), bool(branches)
    if branches:
        raise ValueError("a filter without LZMA is not read")
    return _plain(first), False


def _plain(coder: Coder) -> Decompressor:
    if coder.id == _COPY:
        return _Stored()
    if coder.id == b"\x04\x01\x08":
        return Zlib(-15)
    if coder.id == b"\x04\x02\x02":
        return bz2.BZ2Decompressor()
    if coder.id == b"\x04\xf7\x11\x01":
        return Zstd()
    names = {b"\x03\x04\x01": "PPMd", b"\x04\x01\x09": "deflate64", b"\x03\x03\x01\x1b": "BCJ2"}
    raise ValueError(f"{names.get(coder.id, 'coder ' + coder.id.hex())} is not read")


def _lzma(coder: Coder) -> dict[str, int]:
    if coder.id == _LZMA2:
        bits = coder.properties[0] if coder.properties else 40
        size = (2 | bits & 1) << (bits // 2 + 11) if bits < 40 else 0xFFFFFFFF
        _bound(size)
        return {"id": lzma.FILTER_LZMA2, "dict_size": size}
    if len(coder.properties) < 5 or coder.properties[0] >= 225:
        raise ValueError("LZMA properties that are none")
    packed, size = coder.properties[0], int.from_bytes(coder.properties[1:5], "little")
    _bound(size)
    return {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(size, 4096),
        "lc": packed % 9,
        "lp": packed // 9 % 5,
        "pb": packed // 45,
    }


def _bound(dictionary_bytes: int) -> None:
    if dictionary_bytes > _DICTIONARY_BYTES:
        raise ValueError(f"a dictionary of {dictionary_bytes:,} bytes is too large")
