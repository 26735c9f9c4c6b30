"""Snappy, as LevelDB's blocks are packed: to be unpacked, in bounds.

Source: github.com/google/snappy, "format_description.txt".
"""

from __future__ import annotations

from typing import Final

MOST_BYTES: Final = 32 << 20
"""What one piece may unpack to: a block of LevelDB has 4 KiB, and more only for one long value."""


def unpack(data: bytes, most_bytes: int = MOST_BYTES) -> bytes:
    """Return what it unpacks to. Raises `ValueError` on damage, or when that is more than `most_bytes`."""
    try:
        stated, at = varint(data, 0)
        if stated > most_bytes:
            raise ValueError(f"it would unpack to {stated:,} bytes")
        return _unpack(data, at, stated)
    except IndexError:
        raise ValueError("it ends early") from None


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte and where it ends. Raises `ValueError`, `IndexError`."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def _unpack(data: bytes, at: int, stated: int) -> bytes:
    out = bytearray()
    stop = len(data)
    while at < stop:
        tag = data[at]
        at += 1
        if not tag & 3:
            length = tag >> 2
            if length >= 60:
                wide = length - 59
                length = int.from_bytes(data[at : at + wide], "little")
                at += wide
            length += 1
            if at + length > stop:
                raise ValueError("it ends early")
            out += data[at : at + length]
            at += length
        else:
            if tag & 3 == 1:
                length, back = (tag >> 2 & 7) + 4, (tag & 0xE0) << 3 | data[at]
                at += 1
            else:
                wide = 2 if tag & 3 == 2 else 4
                length, back = (tag >> 2) + 1, int.from_bytes(data[at : at + wide], "little")
                at += wide
            if not 0 < back <= len(out):
                raise ValueError("it copies from before its start")
            start = len(out) - back
            if back >= length:
                out += out[start : start + length]
            else:
                out += (out[start:] * (length // back + 1))[:length]
        if len(out) > stated:
            raise ValueError("it unpacks to more than it says")
    if len(out) != stated:
        raise ValueError("it unpacks to less than it says")
    return bytes(out)
