"""How the readers of disks stop at nonsense, and how they take fields."""

from __future__ import annotations

from typing import Final

from tidegate.inspectors.readable import Readable

MIB: Final = 1 << 20


class DamageError(Exception):
    """The image leaves its format here; the message says how. Never leaves `disks`."""


class LockedError(Exception):
    """The contents are encrypted; the message says by what. Never leaves `disks`."""


def exact(data: Readable, offset: int, count: int) -> bytes:
    """Return exactly `count` bytes from `offset` on, or raise `DamageError`."""
    if offset < 0 or count < 0 or offset + count > data.size_bytes:
        raise DamageError(f"{count:,} bytes are announced at byte {offset:,}, beyond the end")
    got = data.read(offset, count)
    if len(got) != count:
        raise DamageError(f"only {len(got):,} of {count:,} bytes could be read")
    return got


def little(data: bytes, offset: int, count: int) -> int:
    """Return an unsigned little-endian number; what stands beyond the end counts as zero."""
    return int.from_bytes(data[offset : offset + count], "little")


def big(data: bytes, offset: int, count: int) -> int:
    """Return an unsigned big-endian number; what stands beyond the end counts as zero."""
    return int.from_bytes(data[offset : offset + count], "big")


def power(value: int, least: int, most: int, what: str) -> int:
    """Return a size that has to be a power of two between two bounds, or raise `DamageError`."""
    if not least <= value <= most or value & (value - 1):
        raise DamageError(f"{what} of {value:,} bytes")
    return value
