"""What undoes the coders of a 7z folder: LZMA, LZMA2, bzip2, deflate, zstd, stored, branch filters."""

from __future__ import annotations

import bz2
import lzma
from typing import Final

from tidegate.packing.decompressors import Decompressor, Stored, Zlib, Zstd
from tidegate.packing.sevenzip_header import Coder

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


def machine(coders: tuple[Coder, ...]) -> tuple[Decompressor, bool]:
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
        return Stored()
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
