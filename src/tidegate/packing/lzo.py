"""LZO1X, as btrfs keeps it: segments of one sector each.

Source: Linux, Documentation/staging/lzo.rst; btrfs.readthedocs.io, "Compression".
"""

from __future__ import annotations

from typing import Final

_SECTOR: Final = 4096


def unpack_segments(raw: bytes, most_bytes: int) -> bytes:
    """Unpack a piece of a file up to `most_bytes`. Raises `ValueError`."""
    end = min(int.from_bytes(raw[:4], "little"), len(raw))
    made, at = bytearray(), 4
    while at + 4 <= end and len(made) < most_bytes:
        length = int.from_bytes(raw[at : at + 4], "little")
        at += 4
        if not length or at + length > end:
            raise ValueError(f"a segment of {length:,} bytes of LZO")
        made += unpack(raw[at : at + length], _SECTOR)
        at += length
        left = _SECTOR - at % _SECTOR
        at += left if left < 4 else 0  # no length stands across the border of a sector
    return bytes(made[:most_bytes])


def unpack(raw: bytes, most_bytes: int) -> bytes:
    """Unpack one stream; it ends at its mark, or when `most_bytes` were made. Raises `ValueError`."""
    made = bytearray()
    try:
        _run(raw, made, most_bytes)
    except IndexError:
        raise ValueError("LZO that ends early") from None
    return bytes(made[:most_bytes])


def _run(raw: bytes, made: bytearray, most_bytes: int) -> None:
    at, state = 0, 0
    if raw[0] > 17:
        count = raw[0] - 17
        at = _literals(raw, 1, count, made)
        state = min(count, 4)
    while len(made) < most_bytes:
        code = raw[at]
        at += 1
        if code < 16 and not state:
            count, at = (code, at) if code else _longer(raw, at, 15)
            at = _literals(raw, at, count + 3, made)
            state = 4
            continue
        if code < 16:
            after, count = code & 3, 2 if state < 4 else 3
            back = 1 + (code >> 2) + (raw[at] << 2) + (0x800 if state == 4 else 0)
            at += 1
        elif code >= 64:
            after, count = code & 3, (code >> 5) + 1
            back = 1 + (code >> 2 & 7) + (raw[at] << 3)
            at += 1
        else:
            most = 31 if code >= 32 else 7
            count, at = (code & most, at) if code & most else _longer(raw, at, most)
            count += 2
            pair = raw[at] | raw[at + 1] << 8
            at += 2
            after, back = pair & 3, pair >> 2
            if code >= 32:
                back += 1
            else:
                back += (code & 8) << 11
                if not back:
                    return
                back += 0x4000
        _again(made, back, count)
        at = _literals(raw, at, after, made)
        state = after


def _longer(raw: bytes, at: int, count: int) -> tuple[int, int]:
    """Return a count that zeros lengthen, and where it ends."""
    while not raw[at]:
        count += 255
        at += 1
    return count + raw[at], at + 1


def _literals(raw: bytes, at: int, count: int, made: bytearray) -> int:
    if at + count > len(raw):
        raise ValueError("LZO that ends early")
    made += raw[at : at + count]
    return at + count


def _again(made: bytearray, back: int, count: int) -> None:
    """Copy what was made, which may reach into what the copy makes."""
    if back > len(made):
        raise ValueError("LZO that refers to what stands before its beginning")
    if count <= back:
        start = len(made) - back
        made += made[start : start + count]
        return
    pattern = bytes(made[-back:])
    made += (pattern * (count // back + 1))[:count]
