"""The checksum inside of Azure's identifiable keys.

Since 2022 Azure Storage makes keys of 64 bytes whose bytes 57 to 59 read `+ASt` in base64 and whose
last 4 are a Marvin32 checksum of the 60 before. Passing proves the format, not that the key lives;
failing lowers the confidence, and never mutes. Source: microsoft/security-utilities (MIT),
IdentifiableMetadata.cs and IdentifiableSecrets.cs: the constants; the code is ours.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct

_SEED = 0x44656661756C7430
"""`Default0` in ASCII."""
_SHAPE = re.compile(r"[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{5}[AQgw]==")
_MASK = 0xFFFFFFFF
_MARK = base64.b64decode("+ASt")


def check(key: str) -> bool | None:
    """Tell whether an identifiable key's checksum holds; `None` when the key carries none (older keys)."""
    if _SHAPE.fullmatch(key) is None:
        return None
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error:
        return None
    return raw[60:] == struct.pack("<I", marvin32(raw[:60], _SEED))


def mint(random: bytes) -> str:
    """Make a key that passes `check` from 57 random bytes: for tests and demonstrations.

    Raises `ValueError` for another length.
    """
    if len(random) != 57:
        raise ValueError(f"57 random bytes are needed, not {len(random)}")
    raw = random + _MARK
    return base64.b64encode(raw + struct.pack("<I", marvin32(raw, _SEED))).decode("ascii")


def marvin32(data: bytes, seed: int) -> int:
    """Return the 32-bit Marvin hash: the high half of the state XOR the low half."""
    low, high = seed & _MASK, seed >> 32
    whole = len(data) & ~3
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        low, high = _mix((low + word) & _MASK, high)
    rest = data[whole:] + b"\x80"
    low, high = _mix((low + int.from_bytes(rest, "little")) & _MASK, high)
    low, high = _mix(low, high)
    return low ^ high


def _mix(low: int, high: int) -> tuple[int, int]:
    high ^= low
    low = (_turn(low, 20) + high) & _MASK
    high = _turn(high, 9) ^ low
    low = (_turn(low, 27) + high) & _MASK
    return low, _turn(high, 19)


def _turn(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _MASK
