"""tar, in all its dialects, as a stream: ustar, GNU long names, PAX, old ones without magic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tidegate.sources.unpack.limits import BrokenError, Budget
from tidegate.sources.unpack.names import readable
from tidegate.sources.unpack.reader import Reader
from tidegate.sources.unpack.streams import AFTER

_BLOCK: Final = 512
_ZEROS: Final = bytes(_BLOCK)
_NAME_BYTES: Final = 1 << 20
"""The longest name or PAX header that is read; a longer one is skipped over."""
_WITHOUT_DATA: Final = b"123456D"
"""Links, devices, folders, FIFOs: labels only, none is followed. Their size is not to be believed."""


class _Next:
    """What the headers before a member say about it."""

    __slots__ = ("name", "size")

    def __init__(self) -> None:
        self.name: bytes | None = None
        self.size: int | None = None


def open_tar(source: Reader, inner: str, budget: Budget) -> Iterator[tuple[str, Reader]]:
    """Yield the regular members. A broken header ends it with `BrokenError`, after what came before."""
    ahead = _Next()
    ended = False
    while True:
        header = bytes(source.peek(_BLOCK))
        if not header:
            if not ended:
                budget.gap(inner, "tar ends without its end mark")
            return
        if header == _ZEROS:
            # Other tars may follow: `cat a.tar b.tar` makes such.
            ended = True
            source.skip(_BLOCK)
            budget.clock()
            continue
        if len(header) < _BLOCK or not _checked(header):
            if ended:
                yield AFTER, source
                return
            raise BrokenError(f"no tar header at byte {source.offset:,}")
        source.skip(_BLOCK)
        budget.member()
        yield from _member(header, source, ahead)


def _member(header: bytes, source: Reader, ahead: _Next) -> Iterator[tuple[str, Reader]]:
    size = _number(header[124:136])
    kind = header[156:157]
    if kind in b"LKxgX":
        _read_ahead(kind, source, size, ahead)
        return
    name = ahead.name if ahead.name is not None else _name(header)
    if ahead.size is not None:
        size = ahead.size
    ahead.name = ahead.size = None
    if kind in _WITHOUT_DATA and not (size and _is_data(source.peek(_BLOCK))):
        return
    if kind == b"S":
        _skip_sparse_map(header, source)
    start = source.offset
    yield readable(name), source.part(size)
    source.skip(size - (source.offset - start))
    if source.offset - start < size:
        raise BrokenError(f"tar ends inside of {readable(name)}")
    source.skip(-size % _BLOCK)


def _is_data(block: bytes) -> bool:
    """Whether what follows the header of a link or folder can only be data that it should not have."""
    return len(block) == _BLOCK and block != _ZEROS and not _checked(block)


def _read_ahead(kind: bytes, source: Reader, size: int, ahead: _Next) -> None:
    start = source.offset
    data = bytes(source.take(min(size, _NAME_BYTES)))
    source.skip(size - (source.offset - start) + -size % _BLOCK)
    if kind == b"L":
        ahead.name = data.rstrip(b"\x00")
    elif kind in b"xX":
        _read_pax(data, ahead)


def _read_pax(data: bytes, ahead: _Next) -> None:
    """Read records of `length key=value` and a line end; the first that is not so ends it."""
    while data:
        digits, _, _ = data[:12].partition(b" ")
        if not digits.isdigit():
            return
        length = int(digits)
        key, _, value = data[len(digits) + 1 : length].rstrip(b"\n").partition(b"=")
        if key in (b"path", b"GNU.sparse.name"):
            ahead.name = value
        elif key == b"size" and value.isdigit() and len(value) < 20:
            ahead.size = int(value)
        if length <= len(digits):
            return
        data = data[length:]


def _skip_sparse_map(header: bytes, source: Reader) -> None:
    """Old GNU sparse files: blocks of the map follow as long as a flag says so. Holes are left out."""
    more = header[482]
    while more:
        block = source.take(_BLOCK)
        more = block[504] if len(block) == _BLOCK else 0


def _name(header: bytes) -> bytes:
    name = header[:100].split(b"\x00", 1)[0]
    prefix = header[345:500].split(b"\x00", 1)[0] if header[257:263] == b"ustar\x00" else b""
    return prefix + b"/" + name if prefix else name


def _number(field: bytes) -> int:
    """Octal, or base 256 when the first bit is set. What is no number counts as 0."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else 0
    digits = field.strip(b" \x00").split(b"\x00", 1)[0]
    return int(digits, 8) if digits and not digits.strip(b"01234567") else 0


def _checked(header: bytes) -> bool:
    stated = _number(header[148:156])
    blank = sum(header) - sum(header[148:156]) + 8 * 0x20
    return stated == blank or stated == _signed(header)


def _signed(header: bytes) -> int:
    """Sum the bytes as signed numbers, as some old ones do."""
    return sum(b - 256 if b > 127 else b for b in header[:148] + header[156:]) + 8 * 0x20
